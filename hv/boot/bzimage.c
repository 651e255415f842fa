/* SPDX-License-Identifier: MIT */
/*
 * Kernels as distributions ship them: finds the packed ELF file inside a
 * bzImage and unpacks it. Linux's x86 boot protocol ("The Real-Mode Kernel
 * Header", 2.08 and later) defines the offsets. The image is hostile.
 */
#include <hv/errno.h>

#include <hv/boot.h>
#include <hv/mm.h>
#include <hv/unpack.h>

#define HEADER_END   0x250
#define SECTOR_SIZE  512
#define UNPACKED_MIN 64UL
#define UNPACKED_MAX (128UL << 20)

/* How a payload's first bytes name its format. No function: known, absent. */
struct payload_format {
	const char *name;
	unpack_fn *unpack;
	u8 magic_size;
	u8 magic[6];
};

static const struct payload_format formats[] = {
	{"XZ", unpack_xz, 6, {0xfd, '7', 'z', 'X', 'Z', 0}},
	{"LZ4", unpack_lz4, 4, {0x02, 0x21, 0x4c, 0x18}},
	{"zstd", unpack_zstd, 4, {0x28, 0xb5, 0x2f, 0xfd}},
	{"gzip", NULL, 2, {0x1f, 0x8b}},
	{"gzip", NULL, 2, {0x1f, 0x9e}},
	{"bzip2", NULL, 3, {'B', 'Z', 'h'}},
	{"LZMA", NULL, 2, {0x5d, 0x00}},
	{"LZO", NULL, 4, {0x89, 'L', 'Z', 'O'}},
};

struct payload {
	const u8 *data;
	size_t size;       /* packed, without the trailer */
	u32 unpacked_size; /* what the trailer announces */
};

static u32 read_le32(const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool is_elf(const u8 *data, size_t size)
{
	return size >= 4 && memcmp(data, "\177ELF", 4) == 0;
}

static bool is_bzimage(const u8 *image, size_t size)
{
	return size >= HEADER_END && image[0x1fe] == 0x55 &&
	       image[0x1ff] == 0xaa && memcmp(image + 0x202, "HdrS", 4) == 0;
}

/* Bounds of the payload inside the image; 0 or -XEN_EINVAL. */
static int find_payload(const u8 *image, size_t size, struct payload *p)
{
	unsigned int version = image[0x206] | image[0x207] << 8;
	u64 sectors = image[0x1f1] ? image[0x1f1] : 4;
	u64 start, length;

	if (version < 0x208) {
		log_warn(
			"kernel: its boot protocol %x.%02x is older than 2.08 and cannot name its payload: give a newer kernel",
			version >> 8, version & 0xff);
		return -XEN_EINVAL;
	}
	start = (sectors + 1) * SECTOR_SIZE + read_le32(image + 0x248);
	length = read_le32(image + 0x24c);
	if (length < 8 || start > size || length > size - start) {
		log_warn(
			"kernel: its header puts %llu payload bytes at offset %llu of a file of %zu: the file is cut short or damaged, copy it again",
			(unsigned long long)length, (unsigned long long)start,
			size);
		return -XEN_EINVAL;
	}
	p->data = image + start;
	p->size = length - 4;
	p->unpacked_size = read_le32(p->data + p->size);
	return 0;
}

static const struct payload_format *find_format(const struct payload *p)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(formats); i++) {
		const struct payload_format *f = &formats[i];

		if (p->size >= f->magic_size &&
		    memcmp(p->data, f->magic, f->magic_size) == 0) {
			return f;
		}
	}
	return NULL;
}

/* The unpacker for the payload, or NULL after one line. */
static const struct payload_format *choose_format(const struct payload *p)
{
	const struct payload_format *f = find_format(p);

	if (!f) {
		log_warn(
			"kernel: its payload starts with %02x %02x %02x %02x, which is no known format: give a kernel packed with XZ, LZ4 or zstd, or its ELF file",
			p->data[0], p->data[1], p->data[2], p->data[3]);
		return NULL;
	}
	if (!f->unpack) {
		log_warn(
			"kernel: it is packed with %s, which is not supported: give one packed with XZ, LZ4 or zstd, or its ELF file (vmlinux)",
			f->name);
		return NULL;
	}
	if (p->unpacked_size < UNPACKED_MIN ||
	    p->unpacked_size > UNPACKED_MAX) {
		log_warn(
			"kernel: it claims to unpack to %u bytes, beyond the limit of %lu: the file is damaged, copy it again",
			p->unpacked_size, UNPACKED_MAX);
		return NULL;
	}
	return f;
}

static const char *unpack_error(enum unpack_result r)
{
	switch (r) {
	case UNPACK_TRUNCATED:
		return "data ends too early: the file is damaged, copy it again";
	case UNPACK_TOO_BIG:
		return "data is longer than its header says: the file is damaged, copy it again";
	case UNPACK_FEATURE:
		return "data uses an option that the library lacks: give the kernel's ELF file";
	case UNPACK_MEMORY:
		return "data needs more memory to unpack than there is: give the machine more, or the kernel's ELF file";
	default:
		return "data is damaged: copy the file again";
	}
}

/* Runs the unpacker on a buffer that is exactly as large as announced. */
static int unpack_payload(const struct payload_format *f,
                          const struct payload *p, u8 *out)
{
	size_t written = 0;
	enum unpack_result r;

	log_info("kernel: unpacking %zu KiB of %s into %u KiB", p->size >> 10,
	         f->name, p->unpacked_size >> 10);
	r = f->unpack(p->data, p->size, out, p->unpacked_size, &written);
	if (r != UNPACK_OK) {
		log_warn("kernel: its %s %s", f->name, unpack_error(r));
		return -XEN_EINVAL;
	}
	if (written != p->unpacked_size) {
		log_warn(
			"kernel: it unpacked to %zu bytes instead of %u: the file is damaged, copy it again",
			written, p->unpacked_size);
		return -XEN_EINVAL;
	}
	if (!is_elf(out, written)) {
		log_warn(
			"kernel: the bzImage holds no ELF file: give a 64-bit kernel built for Xen PV");
		return -XEN_EINVAL;
	}
	return 0;
}

static int unpack_bzimage(const u8 *image, size_t size, const void **elf,
                          size_t *elf_size)
{
	struct payload p;
	const struct payload_format *f;
	u8 *out;

	if (find_payload(image, size, &p)) {
		return -XEN_EINVAL;
	}
	if (is_elf(p.data, p.size)) { /* stored as it is, without trailer */
		*elf = p.data;
		*elf_size = p.size + 4;
		return 0;
	}
	f = choose_format(&p);
	if (!f) {
		return -XEN_EINVAL;
	}
	out = hv_pages_alloc(p.unpacked_size);
	if (!out) {
		log_warn(
			"kernel: no %u KiB of memory in one piece to unpack it: give the machine more, or the kernel's ELF file",
			p.unpacked_size >> 10);
		return -XEN_ENOMEM;
	}
	if (unpack_payload(f, &p, out)) {
		hv_pages_free(out, p.unpacked_size);
		return -XEN_EINVAL;
	}
	*elf = out;
	*elf_size = p.unpacked_size;
	return 0;
}

int kernel_unpack(const void *image, size_t size, const void **elf,
                  size_t *elf_size)
{
	if (is_elf(image, size)) {
		*elf = image;
		*elf_size = size;
		return 0;
	}
	if (is_bzimage(image, size)) {
		return unpack_bzimage(image, size, elf, elf_size);
	}
	log_warn(
		"kernel: the first module (%zu bytes) is neither an ELF file nor a bzImage: name a kernel there",
		size);
	return -XEN_EINVAL;
}

void kernel_unpack_free(const void *image, size_t size, const void *elf,
                        size_t elf_size)
{
	u64 offset = (u64)elf - (u64)image;

	if (elf && offset >= size) {
		hv_pages_free((void *)(uintptr_t)elf, elf_size);
	}
}
