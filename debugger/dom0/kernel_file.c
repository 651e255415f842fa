/* SPDX-License-Identifier: MIT */
/*
 * What can be said of a kernel's file before a domain is built from it: that it
 * is one, that it is all there, and how much memory it takes. Only headers are
 * looked at. Specification: Documentation/arch/x86/boot.rst of Linux; ELF.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"

/* The head of a bzImage; offsets are those of boot.rst. */
#define HEAD_BYTES   0x268
#define SETUP_SECTS  0x1f1
#define SYSSIZE      0x1f4
#define BOOT_FLAG    0x1fe
#define MAGIC        0x202
#define VERSION      0x206
#define PREF_ADDRESS 0x258
#define INIT_SIZE    0x260

/* Segments above are not where the memory of a domain is. */
#define ADDRESS_MAX (1ULL << 32)

static uint64_t field(const uint8_t *head, size_t at, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, head + at, size);
	return value;
}

static int open_regular(const char *path, uint64_t *size)
{
	/* O_NONBLOCK: a FIFO must not hang us before we can refuse it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *why = NULL;
	struct stat st;

	if (fd < 0) {
		int err = errno;

		chv_error("%s: %s", chv_clean(path), strerror(err));
		return -err;
	}
	if (fstat(fd, &st) != 0) {
		why = strerror(errno);
	} else if (S_ISDIR(st.st_mode)) {
		why = "is a directory: name a file in it";
	} else if (!S_ISREG(st.st_mode)) {
		why = "is no regular file";
	} else if (st.st_size == 0) {
		why = "is empty";
	}
	if (why != NULL) {
		chv_error("%s: %s", chv_clean(path), why);
		close(fd);
		return -EINVAL;
	}
	*size = (uint64_t)st.st_size;
	return fd;
}

static int status_of(int err)
{
	return err == -ENOENT ? CHV_NOT_FOUND : CHV_FAILED;
}

int dom0_file_check(const char *path, uint64_t *size)
{
	int fd = open_regular(path, size);

	if (fd < 0) {
		return status_of(fd);
	}
	close(fd);
	return CHV_OK;
}

static int cut(const char *path, uint64_t size, uint64_t whole)
{
	return chv_error("%s: it is cut or damaged: %" PRIu64
	                 " bytes of %" PRIu64,
	                 chv_clean(path), size, whole);
}

static int check_bzimage(const char *path, const uint8_t *head, uint64_t size,
                         uint64_t *end)
{
	uint64_t sects = field(head, SETUP_SECTS, 1);
	uint64_t whole = ((sects != 0 ? sects : 4) + 1) * 512 +
	                 field(head, SYSSIZE, 4) * 16;

	/* Older ones do not say how much memory they take. */
	if (field(head, VERSION, 2) < 0x20a) {
		return chv_error("%s: older than Linux 2.6.32: not a 64-bit "
		                 "PV kernel",
		                 chv_clean(path));
	}
	*end = field(head, PREF_ADDRESS, 8) + field(head, INIT_SIZE, 4);
	return size < whole ? cut(path, size, whole) : CHV_OK;
}

static int check_elf(const char *path, int fd, const Elf64_Ehdr *eh,
                     uint64_t size, uint64_t *end)
{
	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_machine != EM_X86_64) {
		return chv_error("%s: an ELF file, not of a 64-bit PC",
		                 chv_clean(path));
	}
	for (unsigned int i = 0; i < eh->e_phnum; i++) {
		uint64_t at = eh->e_phoff + (uint64_t)i * sizeof(Elf64_Phdr);
		Elf64_Phdr ph;

		if (at > size || size - at < sizeof(ph) ||
		    pread(fd, &ph, sizeof(ph), (off_t)at) != sizeof(ph)) {
			return cut(path, size, at + sizeof(ph));
		}
		if (ph.p_type != PT_LOAD) {
			continue;
		}
		if (ph.p_offset > size || size - ph.p_offset < ph.p_filesz) {
			return cut(path, size, ph.p_offset + ph.p_filesz);
		}
		if (ph.p_paddr < ADDRESS_MAX && ph.p_memsz < ADDRESS_MAX &&
		    ph.p_paddr + ph.p_memsz > *end) {
			*end = ph.p_paddr + ph.p_memsz;
		}
	}
	return CHV_OK;
}

static int check_head(const char *path, int fd, uint64_t size, uint64_t *end)
{
	union {
		uint8_t head[HEAD_BYTES];
		Elf64_Ehdr eh;
	} u = {0};
	ssize_t n = pread(fd, u.head, sizeof(u.head), 0);

	if (n < 0) {
		return chv_error("%s: %s", chv_clean(path), strerror(errno));
	}
	if (memcmp(u.head, ELFMAG, SELFMAG) == 0) {
		return check_elf(path, fd, &u.eh, size, end);
	}
	if (memcmp(u.head + MAGIC, "HdrS", 4) == 0 &&
	    field(u.head, BOOT_FLAG, 2) == 0xaa55) {
		return check_bzimage(path, u.head, size, end);
	}
	/* An ELF file that is compressed as a whole. */
	if (u.head[0] == 0x1f && u.head[1] == 0x8b) {
		return CHV_OK;
	}
	return chv_error("%s: no kernel: neither a bzImage nor an ELF file",
	                 chv_clean(path));
}

int dom0_kernel_check(const char *path, uint64_t *end)
{
	uint64_t size = 0;
	int fd = open_regular(path, &size);
	int status;

	if (fd < 0) {
		return status_of(fd);
	}
	*end = 0;
	status = check_head(path, fd, size, end);
	close(fd);
	return status;
}
