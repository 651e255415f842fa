# Debian's static libraries in the hypervisor: the headers that their callers
# see, reached one by one through links so that no C library's come with them.
UNPACK_HEADERS := $(addprefix $(O)/include/,lzma.h lzma lz4.h zstd.h zstd_errors.h)

$(UNPACK_HEADERS): $(O)/include/%:
	@test -e /usr/include/$* || { echo "/usr/include/$* is missing: run 'make deps'"; exit 1; }
	@mkdir -p $(O)/include && ln -sfn /usr/include/$* $@

$(patsubst %,$(O)/hv/hv/boot/unpack_%.o,xz lz4 zstd): | $(UNPACK_HEADERS)
