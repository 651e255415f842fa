/* SPDX-License-Identifier: MIT */
/*
 * File transfer to GDB ("vFile", File-I/O structures of GDB's manual): one
 * file, the symbols of the guest as they are when it is opened, read only.
 * With it "target remote" alone gives GDB the kernel's names.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session.h"

/* Errors of the protocol: its own numbers, not this system's. */
enum { FILE_ENOENT = 2, FILE_EBADF = 9, FILE_EACCES = 13, FILE_EINVAL = 22 };

#define STAT_BYTES 64

static enum gdb_action failed(struct gdb_session *s, int error)
{
	rsp_reset(&s->out);
	rsp_printf(&s->out, "F-1,%x", error);
	return GDB_REPLY;
}

static enum gdb_action succeeded(struct gdb_session *s, unsigned int value)
{
	rsp_printf(&s->out, "F%x", value);
	return GDB_REPLY;
}

/* Which process's files are meant does not matter: there is one file. Without
 * it, an empty answer makes GDB look for the kernel's file on its own side. */
enum gdb_action gdb_file_setfs(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	return s->target->ops->symbol_file != NULL ? succeeded(s, 0)
	                                           : GDB_REPLY;
}

/* The name in front of a comma, hex-coded. */
static bool take_name(struct rsp_args *a, char *name, size_t size)
{
	const uint8_t *comma = memchr(a->p, ',', rsp_args_left(a));
	size_t len = comma != NULL ? (size_t)(comma - a->p) / 2 : size;

	if (len >= size) {
		return false;
	}
	rsp_take_bytes(a, name, len);
	name[len] = '\0';
	rsp_take_char(a, ',');
	return !a->bad;
}

enum gdb_action gdb_file_open(struct gdb_session *s, struct rsp_args *a)
{
	char name[1024], ours[1024];
	uint64_t flags;
	unsigned int i = 0;

	if (s->target->ops->symbol_file == NULL) {
		return GDB_REPLY;
	}
	if (!take_name(a, name, sizeof(name))) {
		return failed(s, FILE_EINVAL);
	}
	flags = rsp_take_hex(a);
	s->target->ops->describe(s->target, CHV_INFO_KERNEL_FILE, 0, ours,
	                         sizeof(ours));
	if (a->bad || ours[0] == '\0' || strcmp(name, ours) != 0) {
		return failed(s, a->bad ? FILE_EINVAL : FILE_ENOENT);
	}
	if (flags != 0) {
		return failed(s, FILE_EACCES);
	}
	while (i < GDB_MAX_FILES && s->files[i] != 0) {
		i++;
	}
	if (i == GDB_MAX_FILES) {
		return failed(s, FILE_EINVAL);
	}
	s->files[i] = s->target->ops->symbol_file(s->target) + 1;
	if (s->files[i] <= 0) {
		s->files[i] = 0;
		return failed(s, FILE_ENOENT);
	}
	return succeeded(s, i);
}

/* The descriptor of the file that the packet names, or -1. */
static int take_file(struct gdb_session *s, struct rsp_args *a)
{
	uint64_t nr = rsp_take_hex(a);

	return a->bad || nr >= GDB_MAX_FILES ? -1 : s->files[nr] - 1;
}

enum gdb_action gdb_file_close(struct gdb_session *s, struct rsp_args *a)
{
	struct rsp_args again = *a;
	int fd = take_file(s, a);

	if (fd < 0) {
		return failed(s, FILE_EBADF);
	}
	close(fd);
	s->files[rsp_take_hex(&again)] = 0;
	return succeeded(s, 0);
}

/* "FD,COUNT,OFFSET": what does not fit into one packet is asked for again. */
enum gdb_action gdb_file_pread(struct gdb_session *s, struct rsp_args *a)
{
	static uint8_t data[RSP_PACKET_MAX];
	static struct rsp_output body;
	int fd = take_file(s, a);
	uint64_t count, offset;
	ssize_t got;
	size_t sent;

	rsp_take_char(a, ',');
	count = rsp_take_hex(a);
	rsp_take_char(a, ',');
	offset = rsp_take_hex(a);
	if (fd < 0 || !rsp_args_done(a) || offset > INT64_MAX) {
		return failed(s, fd < 0 ? FILE_EBADF : FILE_EINVAL);
	}
	/* "F", a number and ";" stand before the data. */
	count = count < sizeof(data) - 16 ? count : sizeof(data) - 16;
	got = pread(fd, data, count, (off_t)offset);
	if (got < 0) {
		return failed(s, FILE_EINVAL);
	}
	rsp_reset(&body);
	rsp_printf(&body, "%16s", "");
	sent = rsp_put_binary(&body, data, (size_t)got);
	rsp_printf(&s->out, "F%zx;", sent);
	rsp_put_binary(&s->out, data, sent);
	return GDB_REPLY;
}

static void put_number(uint8_t *at, size_t len, uint64_t value)
{
	while (len > 0) {
		at[--len] = (uint8_t)value;
		value >>= 8;
	}
}

enum gdb_action gdb_file_fstat(struct gdb_session *s, struct rsp_args *a)
{
	uint8_t reply[STAT_BYTES] = {0};
	int fd = take_file(s, a);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		return failed(s, FILE_EBADF);
	}
	put_number(reply + 4, 4, st.st_ino);
	put_number(reply + 8, 4, S_IFREG | 0444);
	put_number(reply + 12, 4, 1);
	put_number(reply + 28, 8, (uint64_t)st.st_size);
	put_number(reply + 36, 8, 4096);
	put_number(reply + 44, 8, (uint64_t)(st.st_size + 511) / 512);
	put_number(reply + 56, 4, (uint64_t)st.st_mtime);
	rsp_printf(&s->out, "F%x;", STAT_BYTES);
	rsp_put_binary(&s->out, reply, sizeof(reply));
	return GDB_REPLY;
}

/* No name here is a link, or leads anywhere but to the one file. */
enum gdb_action gdb_file_readlink(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	return failed(s, FILE_EINVAL);
}

void gdb_close_files(struct gdb_session *s)
{
	for (unsigned int i = 0; i < GDB_MAX_FILES; i++) {
		if (s->files[i] != 0) {
			close(s->files[i] - 1);
			s->files[i] = 0;
		}
	}
}
