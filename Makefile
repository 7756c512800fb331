# BareJAX. `make` builds everything in build/.
include image/image.mk
