/* SPDX-License-Identifier: MIT */
/*
 * Memory out of the segments of an ELF64 file: see <chv/symbols.h>. The file
 * is read by pread() within its size and never trusted.
 */
#include <chv/symbols.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_SEGMENTS 65535

struct segment {
	uint64_t va;
	uint64_t offset;
	uint64_t len;
};

struct chv_image {
	int fd;
	uint64_t file_size;
	size_t nr;
	struct segment *segments;
};

static bool read_exactly(const struct chv_image *im, uint64_t offset, void *buf,
                         size_t len)
{
	if (offset > im->file_size || len > im->file_size - offset) {
		return false;
	}
	return pread(im->fd, buf, len, (off_t)offset) == (ssize_t)len;
}

static bool header_fits(const Elf64_Ehdr *eh)
{
	return memcmp(eh->e_ident, ELFMAG, SELFMAG) == 0 &&
	       eh->e_ident[EI_CLASS] == ELFCLASS64 &&
	       eh->e_ident[EI_DATA] == ELFDATA2LSB &&
	       eh->e_machine == EM_X86_64 &&
	       eh->e_phentsize == sizeof(Elf64_Phdr);
}

static void add_segment(struct chv_image *im, const Elf64_Phdr *ph)
{
	uint64_t len = ph->p_filesz;

	if (ph->p_type != PT_LOAD || len == 0 || ph->p_offset > im->file_size ||
	    len - 1 > UINT64_MAX - ph->p_vaddr) {
		return;
	}
	if (len > im->file_size - ph->p_offset) {
		/* A cut dump: what is there can be read. */
		len = im->file_size - ph->p_offset;
	}
	im->segments[im->nr++] =
		(struct segment){ph->p_vaddr, ph->p_offset, len};
}

static int by_address(const void *a, const void *b)
{
	const struct segment *sa = a;
	const struct segment *sb = b;

	return (sa->va > sb->va) - (sa->va < sb->va);
}

/* A file with very many segments keeps their number in section 0. */
static size_t count_segments(const struct chv_image *im, const Elf64_Ehdr *eh)
{
	Elf64_Shdr sh;

	if (eh->e_phnum != PN_XNUM) {
		return eh->e_phnum;
	}
	if (!read_exactly(im, eh->e_shoff, &sh, sizeof(sh)) ||
	    sh.sh_info > (1u << 20)) {
		return 0;
	}
	return sh.sh_info;
}

static bool load_segments(struct chv_image *im)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	size_t nr;

	if (!read_exactly(im, 0, &eh, sizeof(eh)) || !header_fits(&eh)) {
		return false;
	}
	nr = count_segments(im, &eh);
	im->segments = calloc(nr + 1, sizeof(*im->segments));
	for (size_t i = 0; im->segments != NULL && i < nr; i++) {
		if (!read_exactly(im, eh.e_phoff + i * sizeof(ph), &ph,
		                  sizeof(ph))) {
			break;
		}
		add_segment(im, &ph);
	}
	if (im->nr > 0) {
		qsort(im->segments, im->nr, sizeof(*im->segments), by_address);
	}
	return im->nr > 0;
}

struct chv_image *chv_image_open(const char *path, char *error, size_t size)
{
	struct chv_image *im = calloc(1, sizeof(*im));
	struct stat st;

	if (im == NULL) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	im->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (im->fd < 0 || fstat(im->fd, &st) != 0) {
		snprintf(error, size, "%s", strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		snprintf(error, size, "not a regular file");
	} else {
		im->file_size = (uint64_t)st.st_size;
		if (load_segments(im)) {
			return im;
		}
		snprintf(error, size,
		         "not an x86-64 ELF file with memory: "
		         "unpack a bzImage first, or dump with "
		         "virtual addresses");
	}
	chv_image_close(im);
	return NULL;
}

void chv_image_close(struct chv_image *im)
{
	if (im != NULL) {
		if (im->fd >= 0) {
			close(im->fd);
		}
		free(im->segments);
		free(im);
	}
}

/* The last segment that starts at @va or below, if it reaches @va. */
static const struct segment *find_segment(const struct chv_image *im,
                                          uint64_t va)
{
	size_t low = 0;
	size_t high = im->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (im->segments[mid].va <= va) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	if (low == 0 ||
	    va - im->segments[low - 1].va >= im->segments[low - 1].len) {
		return NULL;
	}
	return &im->segments[low - 1];
}

static ssize_t image_read(void *ctx, uint64_t va, void *buf, size_t len)
{
	const struct chv_image *im = ctx;
	size_t done = 0;

	while (done < len) {
		const struct segment *s = find_segment(im, va + done);
		uint64_t left;

		if (s == NULL) {
			break;
		}
		left = s->len - (va + done - s->va);
		left = left < len - done ? left : len - done;
		if (!read_exactly(im, s->offset + (va + done - s->va),
		                  (char *)buf + done, (size_t)left)) {
			break;
		}
		done += (size_t)left;
	}
	return (ssize_t)done;
}

struct chv_memory chv_image_memory(struct chv_image *im)
{
	return (struct chv_memory){.read = image_read, .ctx = im};
}
