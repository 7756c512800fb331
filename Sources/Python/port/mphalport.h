// What MicroPython's shared code asks of the machine; hal.c answers by the callbacks of Interface/include/python.h.
#pragma once
#include <stddef.h>
#include <stdint.h>

void mp_hal_set_interrupt_char(int c);
