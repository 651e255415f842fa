/* SPDX-License-Identifier: MIT */
/*
 * Unpacking kernels: each format, each lie that a file can tell, and Debian's
 * own images when they are there. All buffers have exactly their size and end
 * at an inaccessible page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <lz4.h>
#include <lzma.h>
#include <zstd.h>

#include "boot_fake.h"
#include <hv/boot.h>
#include <hv/lib.h>

#define ELF_SIZE    300000
#define SETUP_SECTS 3
#define PAYLOAD_AT  0x100 /* from the end of the setup sectors */
#define START       ((SETUP_SECTS + 1) * 512 + PAYLOAD_AT)

struct blob {
	u8 *data;
	size_t size;
};

static struct blob elf;

static struct blob blob_new(size_t size)
{
	return (struct blob){boot_fake_alloc(size), size};
}

static struct blob blob_cut(const struct blob *b, size_t size)
{
	struct blob c = blob_new(size);

	memcpy(c.data, b->data, size);
	return c;
}

static void blob_free(struct blob *b)
{
	boot_fake_free(b->data, b->size);
}

/* The first @size bytes alone; @b goes. */
static struct blob blob_shrink(struct blob *b, size_t size)
{
	struct blob c = blob_cut(b, size);

	blob_free(b);
	return c;
}

static void put32(u8 *p, u32 v)
{
	memcpy(p, &v, 4);
}

/* A bzImage around @packed, with what its trailer and header shall claim. */
static struct blob bzimage(const struct blob *packed, u32 unpacked_size)
{
	struct blob b = blob_new(START + packed->size + 4);

	b.data[0x1f1] = SETUP_SECTS;
	b.data[0x1fe] = 0x55;
	b.data[0x1ff] = 0xaa;
	memcpy(b.data + 0x202, "HdrS", 4);
	b.data[0x206] = 0x0f;
	b.data[0x207] = 0x02;
	put32(b.data + 0x248, PAYLOAD_AT);
	put32(b.data + 0x24c, (u32)packed->size + 4);
	memcpy(b.data + START, packed->data, packed->size);
	put32(b.data + START + packed->size, unpacked_size);
	return b;
}

static struct blob pack_xz_check(lzma_check check)
{
	lzma_options_lzma options;
	lzma_filter filters[] = {
		{LZMA_FILTER_X86, NULL},
		{LZMA_FILTER_LZMA2, &options},
		{LZMA_VLI_UNKNOWN, NULL},
	};
	struct blob b = blob_new(ELF_SIZE + 4096);
	size_t size = 0;

	assert_false(lzma_lzma_preset(&options, 1));
	assert_int_equal(lzma_stream_buffer_encode(filters, check, NULL,
	                                           elf.data, elf.size, b.data,
	                                           &size, b.size),
	                 LZMA_OK);
	return blob_shrink(&b, size);
}

static struct blob pack_xz(void)
{
	return pack_xz_check(LZMA_CHECK_CRC32);
}

static struct blob pack_lz4(void)
{
	struct blob b = blob_new((size_t)LZ4_compressBound(ELF_SIZE) + 64);
	size_t half = elf.size / 2, pos = 4;

	put32(b.data, 0x184c2102);
	for (unsigned int i = 0; i < 2; i++) {
		int n = LZ4_compress_default((const char *)elf.data + i * half,
		                             (char *)b.data + pos + 4,
		                             (int)half,
		                             (int)(b.size - pos - 4));

		assert_true(n > 0);
		put32(b.data + pos, (u32)n);
		pos += 4 + (size_t)n;
	}
	return blob_shrink(&b, pos);
}

static struct blob pack_zstd(void)
{
	struct blob b = blob_new(ZSTD_compressBound(ELF_SIZE));

	size_t size = ZSTD_compress(b.data, b.size, elf.data, elf.size, 3);

	assert_false(ZSTD_isError(size));
	return blob_shrink(&b, size);
}

typedef struct blob packer(void);
static packer *const packers[] = {pack_xz, pack_lz4, pack_zstd};

/* Unpacks and checks the contract: all or nothing, and one line for nothing.
 * Returns true when it unpacked. */
static bool unpack(const struct blob *image, const struct blob *want)
{
	const void *out = NULL;
	size_t size = 0;
	int r;

	boot_fake_lines = 0;
	r = kernel_unpack(image->data, image->size, &out, &size);
	if (r != 0) {
		assert_int_equal(boot_fake_lines, 1);
		assert_int_equal(boot_fake_bytes, 0);
		return false;
	}
	assert_int_equal(boot_fake_lines, 0);
	assert_memory_equal(out, "\177ELF", 4);
	if (want) {
		assert_int_equal(size, want->size);
		assert_memory_equal(out, want->data, size);
	}
	kernel_unpack_free(image->data, image->size, out, size);
	assert_int_equal(boot_fake_bytes, 0);
	return true;
}

static void assert_refused(const struct blob *image, const char *because)
{
	assert_false(unpack(image, NULL));
	if (!strstr(boot_fake_line, because)) {
		fail_msg("\"%s\" does not say \"%s\"", boot_fake_line, because);
	}
}

static int setup(void **state)
{
	unsigned long seed = 1;

	(void)state;
	elf = blob_new(ELF_SIZE);
	for (size_t i = 0; i < elf.size; i++) {
		elf.data[i] = boot_fake_random(&seed) % 7 ? 0x90 : (u8)(i >> 3);
	}
	memcpy(elf.data, "\177ELF", 4);
	boot_fake_reset();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	blob_free(&elf);
	return 0;
}

static void test_formats(void **state)
{
	(void)state;
	assert_true(unpack(&elf, &elf));
	for (unsigned int i = 0; i < ARRAY_SIZE(packers); i++) {
		struct blob packed = packers[i]();
		struct blob image = bzimage(&packed, (u32)elf.size);

		assert_true(unpack(&image, &elf));
		blob_free(&image);
		blob_free(&packed);
	}
}

/* CRC64 goes through a function pointer that a constructor sets. */
static void test_xz_checks(void **state)
{
	static const lzma_check checks[] = {LZMA_CHECK_NONE, LZMA_CHECK_CRC64,
	                                    LZMA_CHECK_SHA256};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(checks); i++) {
		struct blob packed = pack_xz_check(checks[i]);
		struct blob image = bzimage(&packed, (u32)elf.size);

		assert_true(unpack(&image, &elf));
		blob_free(&image);
		blob_free(&packed);
	}
}

/* An ELF file may lie in the bzImage unpacked, without a trailer. */
static void test_stored(void **state)
{
	struct blob image = bzimage(&elf, 0);

	(void)state;
	put32(image.data + 0x24c, (u32)elf.size);
	assert_true(unpack(&image, &elf));
	blob_free(&image);
}

static void test_file_truncated(void **state)
{
	struct blob packed = pack_zstd();
	struct blob image = bzimage(&packed, (u32)elf.size);

	(void)state;
	for (size_t size = 0; size < image.size; size += 1 + size / 64) {
		struct blob cut = blob_cut(&image, size);

		assert_refused(&cut, "kernel: ");
		blob_free(&cut);
	}
	blob_free(&image);
	blob_free(&packed);
}

/* The header and the trailer agree, but the stream between them ends early. */
static void test_stream_truncated(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(packers); i++) {
		struct blob packed = packers[i]();

		for (size_t n = 6; n < packed.size; n += 1 + n / 16) {
			struct blob cut = {packed.data, n};
			struct blob image = bzimage(&cut, (u32)elf.size);

			assert_refused(&image, "");
			blob_free(&image);
		}
		blob_free(&packed);
	}
}

/* Less than a block's size follows the last block. */
static void test_lz4_loose_end(void **state)
{
	struct blob packed = pack_lz4();

	(void)state;
	for (size_t n = 1; n < 4; n++) {
		struct blob longer = blob_new(packed.size + n);
		struct blob image;

		memcpy(longer.data, packed.data, packed.size);
		image = bzimage(&longer, (u32)elf.size);
		assert_refused(&image, "ends too early");
		blob_free(&image);
		blob_free(&longer);
	}
	blob_free(&packed);
}

static void test_size_lies(void **state)
{
	static const u32 sizes[] = {0,
	                            63,
	                            64,
	                            ELF_SIZE - 1,
	                            ELF_SIZE + 1,
	                            128U << 20,
	                            (128U << 20) + 1,
	                            ~0U};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(packers); i++) {
		struct blob packed = packers[i]();

		for (unsigned int j = 0; j < ARRAY_SIZE(sizes); j++) {
			struct blob image = bzimage(&packed, sizes[j]);

			assert_refused(&image, "damaged");
			blob_free(&image);
		}
		blob_free(&packed);
	}
}

/* A changed bit is found, or changes bytes that no format protects. */
static void test_bit_flips(void **state)
{
	unsigned long seed = 2;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(packers); i++) {
		struct blob packed = packers[i]();
		struct blob image = bzimage(&packed, (u32)elf.size);

		for (unsigned int n = 0; n < 3000; n++) {
			size_t at = boot_fake_random(&seed) % image.size;

			if (n < (0x250 - 0x1f1) * 8) {
				at = 0x1f1 + n / 8;
			}
			image.data[at] ^= (u8)(1 << n % 8);
			unpack(&image, NULL);
			image.data[at] ^= (u8)(1 << n % 8);
		}
		blob_free(&image);
		blob_free(&packed);
	}
}

static void test_names_what_is_wrong(void **state)
{
	struct blob packed = blob_new(4096);
	struct blob image;

	(void)state;
	assert_refused(&packed, "neither an ELF file nor a bzImage");
	image = bzimage(&packed, ELF_SIZE);
	assert_refused(&image, "00 00 00 00");
	memcpy(image.data + START, "\x1f\x8b\x08", 3);
	assert_refused(&image, "gzip");
	memcpy(image.data + START, "BZh9", 4);
	assert_refused(&image, "bzip2");
	image.data[0x206] = 7;
	assert_refused(&image, "2.07");
	image.data[0x206] = 15;
	put32(image.data + 0x248, ~0U);
	assert_refused(&image, "cut short");
	blob_free(&image);
	blob_free(&packed);
}

static void test_not_elf_inside(void **state)
{
	struct blob packed, image;

	(void)state;
	elf.data[0] = 'M';
	packed = pack_xz();
	elf.data[0] = '\177';
	image = bzimage(&packed, (u32)elf.size);
	assert_refused(&image, "holds no ELF file");
	blob_free(&image);
	blob_free(&packed);
}

static void test_no_memory(void **state)
{
	struct blob packed = pack_xz();
	struct blob image = bzimage(&packed, (u32)elf.size);

	(void)state;
	boot_fake_limit = 100;
	assert_refused(&image, "memory");
	boot_fake_reset();
	blob_free(&image);
	blob_free(&packed);
}

static bool read_file(const char *path, struct blob *b)
{
	FILE *f = fopen(path, "rb");
	long size;

	if (!f) {
		return false;
	}
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	rewind(f);
	*b = blob_new((size_t)size);
	assert_int_equal(fread(b->data, 1, b->size, f), b->size);
	fclose(f);
	return true;
}

static void check_debian(const char *packed_path, const char *elf_path)
{
	struct blob image, want;

	if (!read_file(packed_path, &image)) {
		print_message("%s is not built: skipped\n", packed_path);
		skip();
	}
	if (read_file(elf_path, &want)) {
		assert_true(unpack(&image, &want));
		blob_free(&want);
	}
	for (size_t n = 1; n < 64; n++) {
		struct blob cut = blob_cut(&image, image.size / 64 * n);

		assert_refused(&cut, "kernel: ");
		blob_free(&cut);
	}
	blob_free(&image);
}

static void test_debian_cloud(void **state)
{
	(void)state;
	check_debian("build/linux/vmlinuz-cloud", "build/linux/vmlinux-cloud");
}

static void test_debian_amd64(void **state)
{
	(void)state;
	check_debian("build/linux/vmlinuz-amd64", "build/linux/vmlinux-amd64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_xz_checks),
		cmocka_unit_test(test_stored),
		cmocka_unit_test(test_file_truncated),
		cmocka_unit_test(test_stream_truncated),
		cmocka_unit_test(test_lz4_loose_end),
		cmocka_unit_test(test_size_lies),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_names_what_is_wrong),
		cmocka_unit_test(test_not_elf_inside),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_debian_cloud),
		cmocka_unit_test(test_debian_amd64),
	};

	return cmocka_run_group_tests_name("bzimage", tests, setup, teardown);
}
