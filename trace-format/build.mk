# The trace format: a freestanding library that the hypervisor, chv and the
# host tests all link, each from its own environment's objects.
TF_SRC := trace-format/varint.c trace-format/crc32c.c trace-format/hash.c \
	trace-format/super.c trace-format/names.c trace-format/calls.c \
	trace-format/writer.c trace-format/reader.c trace-format/zframe.c \
	trace-format/seal.c trace-format/scan.c trace-format/index.c
