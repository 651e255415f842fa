/* SPDX-License-Identifier: MIT */
/*
 * A guest kernel as an ELF file in one buffer, read without trusting a byte
 * of it: every offset and size is checked against the buffer at the place
 * where it is used. Errors give one line of log, prefixed by "kernel: ".
 *
 * Only what loading needs is known here (System V gABI, chapters 4 and 5);
 * docs/decisions/elf-parser.md says why no library does it.
 */
#ifndef HV_ELF_H
#define HV_ELF_H

#include <hv/types.h>

struct elf_image {
	const u8 *data;
	size_t size;
	u64 entry;
	u64 phoff, shoff;
	unsigned int phnum, shnum; /* tables that lie inside the buffer */
};

/* One PT_LOAD segment. */
struct elf_segment {
	const u8 *data;
	u64 paddr; /* the address to load by: p_vaddr may be 0 */
	u64 file_size, mem_size;
};

/* What the notes of owner "Xen" say (elfnote.h); absent numbers are 0. */
struct xen_notes {
	u64 entry; /* ENTRY, or the ELF header's */
	u64 virt_base;
	u64 paddr_offset;
	u64 hypercall_page;
	u64 init_p2m;
	u32 supported_features;
	bool has_hypercall_page;
	bool has_init_p2m;
	bool has_supported_features;
	bool mod_start_pfn; /* takes its initrd unmapped, by frame number */
	bool found;         /* any note of Xen's at all */
	char xen_version[16];
	char loader[16];
	char guest_os[16];
};

/** Checks the header: a 64-bit x86 ELF file to execute. 0 or -XEN_EINVAL. */
int elf_open(struct elf_image *e, const void *data, size_t size);

/** Segment @i of elf->phnum: 1 and *seg when it is to be loaded, 0 when it is
 *  not, -XEN_EINVAL when it does not fit into the file. */
int elf_load_segment(const struct elf_image *e, unsigned int i,
                     struct elf_segment *seg);

/** Address range [*start, *end) that the segments cover. 0 or -XEN_EINVAL. */
int elf_load_range(const struct elf_image *e, u64 *start, u64 *end);

/** Bytes of the @i-th area of notes: segments of type PT_NOTE come first, then
 *  sections of type SHT_NOTE. NULL after the last. *size may be 0. */
const u8 *elf_note_area(const struct elf_image *e, unsigned int i, size_t *size,
                        size_t *align);

/** Reads the notes and checks that they describe a PV kernel, for @initial
 *  (control) domains one that can be that. 0 or -XEN_EINVAL. */
int elf_xen_notes(const struct elf_image *e, bool initial, struct xen_notes *n);

#endif
