// CMath declares; the definitions are the host libm or, in ring 0, MicroPython libm_dbl (linked by the Makefile).
