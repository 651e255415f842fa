/* SPDX-License-Identifier: MIT */
/*
 * Reading kernels' ELF files and Xen notes: what is taken from them, what is
 * refused and in which words, and that no damaged file makes the reader leave
 * the buffer (which has exactly the file's size, for the sanitizer).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <elf.h>

#include "boot_fake.h"
#include <hv/elf.h>
#include <hv/lib.h>
#include <xen/elfnote.h>

#define VIRT_BASE 0xffffffff80000000
#define ENTRY     0xffffffff80100010
#define NR_PHDRS  3
#define NOTES_AT  0x200
#define NOTES_MAX 0x200
#define DATA_AT   0x400
#define FILE_SIZE 0x800

/* A small PV kernel in memory. */
struct kernel {
	u8 *file;
	Elf64_Ehdr *eh;
	Elf64_Phdr *ph;
	size_t notes_size;
};

static void add_note(struct kernel *k, u32 type, const void *desc, u32 size)
{
	u8 *at = k->file + NOTES_AT + k->notes_size;
	Elf64_Nhdr n = {.n_namesz = 4, .n_descsz = size, .n_type = type};

	memcpy(at, &n, sizeof(n));
	memcpy(at + sizeof(n), "Xen", 4);
	memcpy(at + sizeof(n) + 4, desc, size);
	k->notes_size += sizeof(n) + 4 + ROUND_UP(size, 4U);
	k->ph[2].p_filesz = k->notes_size;
	k->ph[2].p_memsz = k->notes_size;
}

static void add_number(struct kernel *k, u32 type, u64 v)
{
	add_note(k, type, &v, sizeof(v));
}

static struct kernel kernel_bare(void)
{
	struct kernel k = {.file = calloc(1, FILE_SIZE)};

	k.eh = (Elf64_Ehdr *)(void *)k.file;
	k.ph = (Elf64_Phdr *)(void *)(k.file + sizeof(*k.eh));
	memcpy(k.eh->e_ident, ELFMAG, SELFMAG);
	k.eh->e_ident[EI_CLASS] = ELFCLASS64;
	k.eh->e_ident[EI_DATA] = ELFDATA2LSB;
	k.eh->e_type = ET_EXEC;
	k.eh->e_machine = EM_X86_64;
	k.eh->e_entry = 0x100000;
	k.eh->e_phoff = sizeof(*k.eh);
	k.eh->e_phentsize = sizeof(*k.ph);
	k.eh->e_phnum = NR_PHDRS;
	k.ph[0] = (Elf64_Phdr){.p_type = PT_LOAD,
	                       .p_offset = DATA_AT,
	                       .p_vaddr = VIRT_BASE + 0x100000,
	                       .p_paddr = 0x100000,
	                       .p_filesz = 0x300,
	                       .p_memsz = 0x1000};
	k.ph[1] = (Elf64_Phdr){.p_type = PT_LOAD,
	                       .p_offset = DATA_AT + 0x300,
	                       .p_vaddr = 0, /* like Linux's per-CPU data */
	                       .p_paddr = 0x101000,
	                       .p_filesz = 0x100,
	                       .p_memsz = 0x800};
	k.ph[2] = (Elf64_Phdr){
		.p_type = PT_NOTE, .p_offset = NOTES_AT, .p_align = 4};
	return k;
}

static struct kernel kernel_new(void)
{
	struct kernel k = kernel_bare();
	u32 features = 1U << 11;

	add_note(&k, XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
	add_note(&k, XEN_ELFNOTE_LOADER, "generic", 8);
	add_note(&k, XEN_ELFNOTE_GUEST_OS, "test", 5);
	add_number(&k, XEN_ELFNOTE_VIRT_BASE, VIRT_BASE);
	add_number(&k, XEN_ELFNOTE_ENTRY, ENTRY);
	add_number(&k, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
	add_note(&k, XEN_ELFNOTE_SUPPORTED_FEATURES, &features, 4);
	add_number(&k, XEN_ELFNOTE_MOD_START_PFN, 1);
	return k;
}

/* All that the builder asks of a file; 0 or the first error. */
static int read_all(const u8 *file, size_t size, struct xen_notes *n)
{
	struct elf_image e;
	struct elf_segment seg;
	u64 start, end, sum = 0;
	int r;

	boot_fake_lines = 0;
	r = elf_open(&e, file, size);
	if (r == 0) {
		r = elf_xen_notes(&e, true, n);
	}
	if (r == 0) {
		r = elf_load_range(&e, &start, &end);
	}
	assert_int_equal(boot_fake_lines, r ? 1 : 0);
	if (r) {
		return r;
	}
	for (unsigned int i = 0; i < e.phnum; i++) {
		if (elf_load_segment(&e, i, &seg) == 1) {
			assert_in_range(seg.paddr, start, end);
			assert_true(seg.mem_size <= end - seg.paddr);
			assert_true(seg.file_size <= seg.mem_size);
			for (u64 j = 0; j < seg.file_size; j++) {
				sum += seg.data[j];
			}
		}
	}
	assert_true(sum < ~0UL);
	return 0;
}

static void assert_refused(struct kernel *k, const char *because)
{
	struct xen_notes n;

	assert_int_not_equal(read_all(k->file, FILE_SIZE, &n), 0);
	if (!strstr(boot_fake_line, because)) {
		fail_msg("\"%s\" does not say \"%s\"", boot_fake_line, because);
	}
	free(k->file);
}

static void test_reads_what_is_there(void **state)
{
	struct kernel k = kernel_new();
	struct elf_image e;
	struct elf_segment seg;
	struct xen_notes n;
	u64 start, end;

	(void)state;
	assert_int_equal(read_all(k.file, FILE_SIZE, &n), 0);
	assert_int_equal(n.entry, ENTRY);
	assert_int_equal(n.virt_base, VIRT_BASE);
	assert_int_equal(n.paddr_offset, 0);
	assert_true(n.has_init_p2m);
	assert_int_equal(n.init_p2m, 0x8000000000);
	assert_true(n.mod_start_pfn);
	assert_false(n.has_hypercall_page);
	assert_string_equal(n.guest_os, "test");

	assert_int_equal(elf_open(&e, k.file, FILE_SIZE), 0);
	assert_int_equal(elf_load_range(&e, &start, &end), 0);
	assert_int_equal(start, 0x100000);
	assert_int_equal(end, 0x101800);
	assert_int_equal(elf_load_segment(&e, 1, &seg), 1);
	assert_int_equal(seg.paddr, 0x101000);
	assert_ptr_equal(seg.data, k.file + DATA_AT + 0x300);
	assert_int_equal(elf_load_segment(&e, 2, &seg), 0);
	free(k.file);
}

/* Without PT_NOTE, sections of type SHT_NOTE serve. */
static void test_notes_in_sections(void **state)
{
	struct kernel k = kernel_new();
	Elf64_Shdr sh[2] = {{.sh_type = SHT_NULL},
	                    {.sh_type = SHT_NOTE,
	                     .sh_offset = NOTES_AT,
	                     .sh_size = k.notes_size,
	                     .sh_addralign = 4}};
	struct xen_notes n;

	(void)state;
	k.ph[2].p_type = PT_NULL;
	k.eh->e_shoff = 0x100;
	k.eh->e_shnum = 2;
	k.eh->e_shentsize = sizeof(sh[0]);
	memcpy(k.file + 0x100, sh, sizeof(sh));
	assert_int_equal(read_all(k.file, FILE_SIZE, &n), 0);
	assert_int_equal(n.entry, ENTRY);
	k.eh->e_shoff = FILE_SIZE - 64;
	assert_refused(&k, "no Xen notes");
}

/* Without the note, the entry is the ELF header's. */
static void test_defaults(void **state)
{
	struct kernel k = kernel_bare();
	struct xen_notes n;

	(void)state;
	add_note(&k, XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
	add_note(&k, XEN_ELFNOTE_LOADER, "generic", 8);
	assert_int_equal(read_all(k.file, FILE_SIZE, &n), 0);
	assert_int_equal(n.entry, 0x100000);
	assert_int_equal(n.virt_base, 0);
	assert_false(n.mod_start_pfn);
	free(k.file);
}

static void test_refuses_other_files(void **state)
{
	struct kernel k = kernel_new();

	(void)state;
	k.file[0] = 'M';
	assert_refused(&k, "no ELF file");
	k = kernel_new();
	k.eh->e_ident[EI_CLASS] = ELFCLASS32;
	assert_refused(&k, "32-bit");
	k = kernel_new();
	k.eh->e_machine = EM_AARCH64;
	assert_refused(&k, "another machine");
	k = kernel_new();
	k.eh->e_type = ET_REL;
	assert_refused(&k, "not linked");
}

static void test_refuses_other_kernels(void **state)
{
	struct kernel k = kernel_bare();
	u32 no_dom0 = 1;

	(void)state;
	assert_refused(&k, "no Xen notes");
	k = kernel_bare();
	add_note(&k, XEN_ELFNOTE_PHYS32_ENTRY, &no_dom0, 4);
	assert_refused(&k, "xen-3.0");
	k = kernel_new();
	add_note(&k, XEN_ELFNOTE_SUPPORTED_FEATURES, &no_dom0, 4);
	assert_refused(&k, "dom0less");
}

static void test_refuses_bad_segments(void **state)
{
	struct kernel k = kernel_new();

	(void)state;
	k.ph[0].p_filesz = 0x401;
	assert_refused(&k, "cut short");
	k = kernel_new();
	k.ph[0].p_offset = ~0UL;
	assert_refused(&k, "cut short");
	k = kernel_new();
	k.ph[1].p_memsz = 0xff;
	assert_refused(&k, "contradicts");
	k = kernel_new();
	k.ph[1].p_paddr = ~0UL - 16;
	assert_refused(&k, "contradicts");
	k = kernel_new();
	k.ph[1].p_paddr = 0x100800;
	assert_refused(&k, "overlap");
	k = kernel_new();
	k.ph[0].p_type = k.ph[1].p_type = PT_NULL;
	assert_refused(&k, "nothing to load");
	k = kernel_new();
	k.eh->e_phnum = 200;
	assert_refused(&k, "program headers");
	k = kernel_new();
	k.eh->e_phoff = ~0UL - 8;
	assert_refused(&k, "program headers");
}

static void test_refuses_bad_notes(void **state)
{
	struct kernel k = kernel_new();

	(void)state;
	((Elf64_Nhdr *)(void *)(k.file + NOTES_AT))->n_descsz = ~0U;
	assert_refused(&k, "note runs beyond");
	k = kernel_new();
	((Elf64_Nhdr *)(void *)(k.file + NOTES_AT))->n_namesz = ~0U;
	assert_refused(&k, "note runs beyond");
}

static void test_truncated_everywhere(void **state)
{
	struct kernel k = kernel_new();
	struct xen_notes n;

	(void)state;
	for (size_t size = 0; size < FILE_SIZE; size++) {
		u8 *cut = malloc(size ? size : 1);
		int r;

		memcpy(cut, k.file, size);
		r = read_all(cut, size, &n);
		assert_true(r != 0 || size >= DATA_AT + 0x400);
		free(cut);
	}
	free(k.file);
}

static void test_bit_flips(void **state)
{
	struct kernel k = kernel_new();
	struct xen_notes n;

	(void)state;
	for (size_t bit = 0; bit < DATA_AT * 8; bit++) {
		k.file[bit / 8] ^= (u8)(1 << bit % 8);
		(void)read_all(k.file, FILE_SIZE, &n);
		k.file[bit / 8] ^= (u8)(1 << bit % 8);
	}
	free(k.file);
}

static void test_random_bytes(void **state)
{
	unsigned long seed = 3;
	struct xen_notes n;

	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		struct kernel k = kernel_new();

		for (unsigned int i = 0; i < 4; i++) {
			k.file[boot_fake_random(&seed) % DATA_AT] =
				(u8)boot_fake_random(&seed);
		}
		(void)read_all(k.file, FILE_SIZE, &n);
		free(k.file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_what_is_there),
		cmocka_unit_test(test_notes_in_sections),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_refuses_other_files),
		cmocka_unit_test(test_refuses_other_kernels),
		cmocka_unit_test(test_refuses_bad_segments),
		cmocka_unit_test(test_refuses_bad_notes),
		cmocka_unit_test(test_truncated_everywhere),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
