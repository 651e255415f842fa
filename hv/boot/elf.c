/* SPDX-License-Identifier: MIT */
/*
 * The header, segments and sections of an ELF file; see hv/elf.h.
 */
#include <hv/errno.h>

#include <hv/elf.h>
#include <hv/lib.h>

#define ELFCLASS32  1
#define ELFCLASS64  2
#define ELFDATA2LSB 1
#define ET_EXEC     2
#define ET_DYN      3
#define EM_X86_64   62
#define PT_LOAD     1
#define PT_NOTE     4
#define SHT_NOTE    7
#define MAX_HEADERS 1024
#define MAX_NOTES   0x10000 /* bytes; a larger area is something else's */

/* Elf64_Ehdr, Elf64_Phdr, Elf64_Shdr. */
struct elf_header {
	u8 magic[4], class, data, ident_version, pad[9];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct elf_phdr {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};
struct elf_shdr {
	u32 name, type;
	u64 flags, addr, offset, size;
	u32 link, info;
	u64 align, entsize;
};

/* True when [@offset, @offset + @size) lies inside the file. */
static bool inside(const struct elf_image *e, u64 offset, u64 size)
{
	return offset <= e->size && size <= e->size - offset;
}

/* Says what kind of file it is instead of the one that is needed. */
static int check_ident(const struct elf_header *h)
{
	if (memcmp(h->magic, "\177ELF", 4) != 0) {
		log_warn(
			"kernel: it is no ELF file: give a kernel built for Xen PV");
		return -XEN_EINVAL;
	}
	if (h->class == ELFCLASS32) {
		log_warn(
			"kernel: it is a 32-bit ELF file: give a 64-bit kernel");
		return -XEN_EINVAL;
	}
	if (h->class != ELFCLASS64 || h->data != ELFDATA2LSB ||
	    h->machine != EM_X86_64) {
		log_warn(
			"kernel: it is an ELF file for another machine (class %u, data %u, machine %u): give one for x86-64",
			h->class, h->data, h->machine);
		return -XEN_EINVAL;
	}
	if (h->type != ET_EXEC && h->type != ET_DYN) {
		log_warn(
			"kernel: it is an ELF file of type %u, not linked to run: give the linked kernel",
			h->type);
		return -XEN_EINVAL;
	}
	return 0;
}

int elf_open(struct elf_image *e, const void *data, size_t size)
{
	struct elf_header h;

	*e = (struct elf_image){.data = data, .size = size};
	if (size < sizeof(h)) {
		log_warn(
			"kernel: %zu bytes are too few for an ELF file: copy it again",
			size);
		return -XEN_EINVAL;
	}
	memcpy(&h, data, sizeof(h));
	if (check_ident(&h)) {
		return -XEN_EINVAL;
	}
	if (h.phnum == 0 || h.phnum > MAX_HEADERS ||
	    h.phentsize != sizeof(struct elf_phdr) ||
	    !inside(e, h.phoff, (u64)h.phnum * sizeof(struct elf_phdr))) {
		log_warn(
			"kernel: its %u program headers at offset %llu do not fit into its %zu bytes: the file is damaged, copy it again",
			h.phnum, (unsigned long long)h.phoff, size);
		return -XEN_EINVAL;
	}
	e->entry = h.entry;
	e->phoff = h.phoff;
	e->phnum = h.phnum;
	/* Sections may have been stripped: then notes come from segments. */
	if (h.shnum <= MAX_HEADERS && h.shentsize == sizeof(struct elf_shdr) &&
	    inside(e, h.shoff, (u64)h.shnum * sizeof(struct elf_shdr))) {
		e->shoff = h.shoff;
		e->shnum = h.shnum;
	}
	return 0;
}

static void read_phdr(const struct elf_image *e, unsigned int i,
                      struct elf_phdr *p)
{
	memcpy(p, e->data + e->phoff + i * sizeof(*p), sizeof(*p));
}

int elf_load_segment(const struct elf_image *e, unsigned int i,
                     struct elf_segment *seg)
{
	struct elf_phdr p;
	u64 end;

	read_phdr(e, i, &p);
	if (p.type != PT_LOAD || p.memsz == 0) {
		return 0;
	}
	if (!inside(e, p.offset, p.filesz)) {
		log_warn(
			"kernel: segment %u needs bytes %llu to %llu of a file of %zu: it is cut short, copy it again",
			i, (unsigned long long)p.offset,
			(unsigned long long)(p.offset + p.filesz), e->size);
		return -XEN_EINVAL;
	}
	if (p.filesz > p.memsz ||
	    __builtin_add_overflow(p.paddr, p.memsz, &end)) {
		log_warn(
			"kernel: segment %u (0x%llx bytes at 0x%llx, 0x%llx in the file) contradicts itself: the file is damaged, copy it again",
			i, (unsigned long long)p.memsz,
			(unsigned long long)p.paddr,
			(unsigned long long)p.filesz);
		return -XEN_EINVAL;
	}
	*seg = (struct elf_segment){
		.data = e->data + p.offset,
		.paddr = p.paddr,
		.file_size = p.filesz,
		.mem_size = p.memsz,
	};
	return 1;
}

int elf_load_range(const struct elf_image *e, u64 *start, u64 *end)
{
	struct elf_segment seg;
	u64 sum = 0;

	*start = ~0UL;
	*end = 0;
	for (unsigned int i = 0; i < e->phnum; i++) {
		int r = elf_load_segment(e, i, &seg);

		if (r < 0) {
			return r;
		}
		if (r > 0) {
			*start = MIN(*start, seg.paddr);
			*end = MAX(*end, seg.paddr + seg.mem_size);
			if (__builtin_add_overflow(sum, seg.mem_size, &sum)) {
				sum = ~0UL;
			}
		}
	}
	if (*end == 0) {
		log_warn(
			"kernel: it has nothing to load: give the linked kernel, not its symbols");
		return -XEN_EINVAL;
	}
	if (sum > *end - *start) { /* this also bounds the work of loading */
		log_warn(
			"kernel: its segments overlap: the file is damaged, copy it again");
		return -XEN_EINVAL;
	}
	return 0;
}

const u8 *elf_note_area(const struct elf_image *e, unsigned int i, size_t *size,
                        size_t *align)
{
	u64 offset, bytes, alignment;
	bool notes;

	if (i < e->phnum) {
		struct elf_phdr p;

		read_phdr(e, i, &p);
		notes = p.type == PT_NOTE;
		offset = p.offset;
		bytes = p.filesz;
		alignment = p.align;
	} else if (i - e->phnum < e->shnum) {
		struct elf_shdr s;

		memcpy(&s, e->data + e->shoff + (i - e->phnum) * sizeof(s),
		       sizeof(s));
		notes = s.type == SHT_NOTE;
		offset = s.offset;
		bytes = s.size;
		alignment = s.align;
	} else {
		return NULL;
	}
	*align = alignment == 8 ? 8 : 4;
	if (!notes || bytes > MAX_NOTES || !inside(e, offset, bytes)) {
		*size = 0;
		return e->data;
	}
	*size = bytes;
	return e->data + offset;
}
