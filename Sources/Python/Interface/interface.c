// The interpreter itself is an archive of its own (Sources/Python/python.mk); this module has its declarations only.
#include "python.h"
