/* SPDX-License-Identifier: MIT */
/*
 * Symbols out of a guest's memory: a table laid out as the kernel does it is
 * read back exactly, in both layouts; a damaged one never does harm. With an
 * unpacked vmlinux as argument, the real thing as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <chv/symbols.h>

#define NR_SYMBOLS 3000
#define BASE       0xffffffff81000000ULL
#define IMAGE      ((size_t)1 << 20)

static uint8_t image[IMAGE];
static const char *vmlinux;

static ssize_t read_image(void *ctx, uint64_t va, void *buf, size_t len)
{
	size_t size = *(size_t *)ctx;

	if (va < BASE || va - BASE >= size) {
		return 0;
	}
	if (len > size - (va - BASE)) {
		len = size - (size_t)(va - BASE);
	}
	memcpy(buf, image + (va - BASE), len);
	return (ssize_t)len;
}

static size_t put(size_t at, const void *data, size_t len)
{
	memcpy(image + at, data, len);
	return at + len;
}

static size_t align8(size_t at)
{
	return (at + 7) & ~(size_t)7;
}

/* Token i is the character i, but 1 is a longer one. */
static size_t put_tokens(size_t at)
{
	uint16_t index[256];
	size_t start = at;

	for (unsigned int i = 0; i < 256; i++) {
		char token[8] = {(char)i, '\0'};

		if (i == 1) {
			strcpy(token, "sym_");
		} else if (i == 0) {
			strcpy(token, "zero");
		}
		index[i] = (uint16_t)(at - start);
		at = put(at, token, strlen(token) + 1);
	}
	return put(align8(at), index, sizeof(index));
}

static size_t put_names(size_t at)
{
	static uint32_t markers[(NR_SYMBOLS + 255) / 256];
	size_t start = at;

	for (unsigned int i = 0; i < NR_SYMBOLS; i++) {
		char name[32];
		/* Type, the token "sym_", digits. */
		int len = sprintf(name, "T\x01%u", i);
		uint8_t head = (uint8_t)len;

		if (i % 256 == 0) {
			markers[i / 256] = (uint32_t)(at - start);
		}
		at = put(at, &head, 1);
		at = put(at, name, (size_t)len);
	}
	return align8(put(align8(at), markers, sizeof(markers)));
}

static size_t put_addresses(size_t at)
{
	uint64_t base = BASE;

	for (uint32_t i = 0; i < NR_SYMBOLS; i++) {
		/* The first ten are per-CPU offsets and stay as they are. */
		int32_t offset =
			i < 10 ? (int32_t)i * 8 : -1 - (int32_t)(i * 16);

		at = put(at, &offset, sizeof(offset));
	}
	return put(align8(at), &base, sizeof(base));
}

static size_t put_count(size_t at)
{
	uint64_t count = NR_SYMBOLS;

	return put(at, &count, sizeof(count));
}

static size_t make_image(bool new_layout)
{
	size_t at = 4096;

	memset(image, 0xcc, sizeof(image));
	if (!new_layout) {
		at = put_addresses(at);
	}
	at = put_count(at);
	at = put_names(at);
	at = put_tokens(at);
	if (new_layout) {
		at = put_addresses(align8(at));
	}
	return align8(at) + 4096;
}

static struct chv_symbols *read_symbols(size_t *size)
{
	const struct chv_memory mem = {read_image, size};
	char error[256];

	return chv_symbols_read(&mem, error, sizeof(error));
}

static void check_table(bool new_layout)
{
	size_t size = make_image(new_layout);
	struct chv_symbols *s = read_symbols(&size);
	const struct chv_symbol *sym;

	assert_non_null(s);
	assert_int_equal(s->nr, NR_SYMBOLS);
	sym = chv_symbols_find(s, "sym_1234");
	assert_non_null(sym);
	assert_int_equal(sym->address, BASE + 1234 * 16);
	assert_int_equal(sym->size, 16);
	assert_int_equal(sym->type, 'T');
	assert_false(sym->absolute);
	sym = chv_symbols_find(s, "sym_7");
	assert_true(sym->absolute);
	assert_int_equal(sym->address, 56);
	assert_null(chv_symbols_find(s, "sym_3000"));
	chv_symbols_free(s);
}

static void layout_up_to_6_3_is_read(void **state)
{
	(void)state;
	check_table(false);
}

static void layout_since_6_4_is_read(void **state)
{
	(void)state;
	check_table(true);
}

static void memory_without_a_kernel_has_no_symbols(void **state)
{
	size_t size = 65536;

	(void)state;
	memset(image, '0', sizeof(image));
	assert_null(read_symbols(&size));
	memset(image, 0, sizeof(image));
	assert_null(read_symbols(&size));
	size = 0;
	assert_null(read_symbols(&size));
}

static void cut_memory_does_no_harm(void **state)
{
	size_t full = make_image(false);

	(void)state;
	for (size_t size = 1; size < full; size += 997) {
		chv_symbols_free(read_symbols(&size));
	}
}

static void damaged_tables_do_no_harm(void **state)
{
	(void)state;
	srandom(5);
	for (unsigned int i = 0; i < 400; i++) {
		size_t size = make_image(i % 2 != 0);
		unsigned int nr = 1 + (unsigned int)random() % 8;

		for (unsigned int j = 0; j < nr; j++) {
			image[(size_t)random() % size] = (uint8_t)random();
		}
		chv_symbols_free(read_symbols(&size));
	}
}

static void real_kernel_is_read_and_written(void **state)
{
	char error[256];
	char path[] = "/tmp/chv-symbols-XXXXXX";
	struct chv_image *im;
	struct chv_memory mem;
	struct chv_symbols *s;
	int fd;

	(void)state;
	if (vmlinux == NULL || access(vmlinux, R_OK) != 0) {
		skip();
	}
	im = chv_image_open(vmlinux, error, sizeof(error));
	assert_non_null(im);
	mem = chv_image_memory(im);
	s = chv_symbols_read(&mem, error, sizeof(error));
	assert_non_null(s);
	assert_true(s->nr > 50000);
	assert_non_null(strchr(s->release, '.'));
	assert_non_null(chv_symbols_find(s, "start_kernel"));
	assert_int_equal(chv_symbols_find(s, "_text")->address, BASE);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(chv_symbols_write_elf(s, path, error, sizeof(error)),
	                 0);
	unlink(path);
	chv_symbols_free(s);
	chv_image_close(im);
}

static void files_that_are_no_memory_are_refused(void **state)
{
	char error[256];

	(void)state;
	assert_null(chv_image_open("/dev/null", error, sizeof(error)));
	assert_null(chv_image_open("/nonexistent", error, sizeof(error)));
	assert_null(chv_image_open("/etc/passwd", error, sizeof(error)));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_up_to_6_3_is_read),
		cmocka_unit_test(layout_since_6_4_is_read),
		cmocka_unit_test(memory_without_a_kernel_has_no_symbols),
		cmocka_unit_test(cut_memory_does_no_harm),
		cmocka_unit_test(damaged_tables_do_no_harm),
		cmocka_unit_test(real_kernel_is_read_and_written),
		cmocka_unit_test(files_that_are_no_memory_are_refused),
	};

	vmlinux = argc > 2 ? argv[2] : NULL;
	return cmocka_run_group_tests_name("symbols", tests, NULL, NULL);
}
