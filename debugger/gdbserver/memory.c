/* SPDX-License-Identifier: MIT */
/*
 * Memory packets: m, x, M, X, search and checksum. Addresses are virtual, in
 * the selected vCPU's active page tables. A read that meets an unmapped page
 * answers what lies before it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

/* "ADDR,LEN": the length never reaches past the end of the space. */
static void take_range(struct rsp_args *a, uint64_t *addr, uint64_t *len)
{
	*addr = rsp_take_hex(a);
	rsp_take_char(a, ',');
	*len = rsp_take_hex(a);
	if (*len > 0 && *len - 1 > UINT64_MAX - *addr) {
		*len = UINT64_MAX - *addr + 1;
	}
}

static ssize_t read_mem(struct gdb_session *s, uint64_t addr, void *buf,
                        size_t len)
{
	return s->target->ops->read_mem(s->target, s->g_vcpu, addr, buf, len);
}

static enum gdb_action read_packet(struct gdb_session *s, struct rsp_args *a,
                                   bool binary)
{
	uint8_t buf[RSP_PACKET_MAX / 2];
	uint64_t addr, len;
	ssize_t got;

	take_range(a, &addr, &len);
	if (!rsp_args_done(a)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	if (len > sizeof(buf)) {
		len = sizeof(buf);
	}
	if (len == 0) {
		return gdb_reply(s, binary ? "b" : "");
	}
	got = read_mem(s, addr, buf, len);
	if (got <= 0) {
		return gdb_reply(s, GDB_E_FAULT);
	}
	if (binary) {
		rsp_put_byte(&s->out, 'b');
		rsp_put_binary(&s->out, buf, (size_t)got);
	} else {
		rsp_put_hex(&s->out, buf, (size_t)got);
	}
	return GDB_REPLY;
}

enum gdb_action gdb_read_mem_hex(struct gdb_session *s, struct rsp_args *a)
{
	return read_packet(s, a, false);
}

enum gdb_action gdb_read_mem_binary(struct gdb_session *s, struct rsp_args *a)
{
	return read_packet(s, a, true);
}

static enum gdb_action write_mem(struct gdb_session *s, uint64_t addr,
                                 const void *data, size_t len)
{
	ssize_t done;

	if (len == 0) {
		return gdb_reply(s, "OK");
	}
	done = s->target->ops->write_mem(s->target, s->g_vcpu, addr, data, len);
	gdb_forget(s);
	if (done == (ssize_t)len) {
		return gdb_reply(s, "OK");
	}
	return gdb_reply(s, done == -EROFS ? GDB_E_REFUSED : GDB_E_FAULT);
}

enum gdb_action gdb_write_mem_hex(struct gdb_session *s, struct rsp_args *a)
{
	uint8_t buf[RSP_PACKET_MAX / 2];
	uint64_t addr, len;

	take_range(a, &addr, &len);
	rsp_take_char(a, ':');
	if (len > sizeof(buf)) {
		a->bad = true;
	} else {
		rsp_take_bytes(a, buf, (size_t)len);
	}
	if (!rsp_args_done(a)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	return write_mem(s, addr, buf, (size_t)len);
}

enum gdb_action gdb_write_mem_binary(struct gdb_session *s, struct rsp_args *a)
{
	uint64_t addr, len;

	take_range(a, &addr, &len);
	rsp_take_char(a, ':');
	if (a->bad || rsp_args_left(a) != len) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	return write_mem(s, addr, a->p, (size_t)len);
}

/*
 * GDB waits two seconds for an answer, so that what is looked through in one
 * packet is bounded; the user can search on from where it ended.
 */
#define SCAN_MAX   ((uint64_t)32 << 20)
#define SCAN_CHUNK 4096

/* Returns 1 and the address when found, 0 when not, -1 on a fault. */
static int search(struct gdb_session *s, uint64_t addr, uint64_t len,
                  const uint8_t *pattern, size_t pattern_len, uint64_t *found)
{
	uint8_t buf[SCAN_CHUNK + RSP_PACKET_MAX];

	while (len >= pattern_len) {
		uint64_t want = SCAN_CHUNK + pattern_len - 1;
		const uint8_t *at;
		ssize_t got;

		if (want > len) {
			want = len;
		}
		got = read_mem(s, addr, buf, (size_t)want);
		if (got < (ssize_t)pattern_len) {
			return -1;
		}
		at = memmem(buf, (size_t)got, pattern, pattern_len);
		if (at != NULL) {
			*found = addr + (uint64_t)(at - buf);
			return 1;
		}
		if ((uint64_t)got < want) {
			return -1;
		}
		addr += want - pattern_len + 1;
		len -= want - pattern_len + 1;
	}
	return 0;
}

enum gdb_action gdb_q_search(struct gdb_session *s, struct rsp_args *a)
{
	uint64_t addr = rsp_take_hex(a);
	uint64_t len;
	uint64_t found = 0;
	int result;

	rsp_take_char(a, ';');
	len = rsp_take_hex(a);
	rsp_take_char(a, ';');
	if (a->bad || rsp_args_left(a) == 0 || addr + len < addr) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	if (len > SCAN_MAX) {
		len = SCAN_MAX;
	}
	result = search(s, addr, len, a->p, rsp_args_left(a), &found);
	if (result < 0) {
		return gdb_reply(s, GDB_E_FAULT);
	}
	if (result == 0) {
		return gdb_reply(s, "0");
	}
	rsp_printf(&s->out, "1,%llx", (unsigned long long)found);
	return GDB_REPLY;
}

/* CRC-32 as GDB's "compare-sections" defines it: 0x04c11db7, unreflected. */
static uint32_t crc32_update(uint32_t crc, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		crc ^= (uint32_t)data[i] << 24;
		for (unsigned int bit = 0; bit < 8; bit++) {
			crc = crc << 1 ^ ((crc >> 31) != 0 ? 0x04c11db7 : 0);
		}
	}
	return crc;
}

enum gdb_action gdb_q_crc(struct gdb_session *s, struct rsp_args *a)
{
	uint8_t buf[SCAN_CHUNK];
	uint32_t crc = UINT32_MAX;
	uint64_t addr, len;

	take_range(a, &addr, &len);
	if (!rsp_args_done(a) || len > SCAN_MAX) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	while (len > 0) {
		size_t want = len < sizeof(buf) ? (size_t)len : sizeof(buf);

		if (read_mem(s, addr, buf, want) != (ssize_t)want) {
			return gdb_reply(s, GDB_E_FAULT);
		}
		crc = crc32_update(crc, buf, want);
		addr += want;
		len -= want;
	}
	rsp_printf(&s->out, "C%x", crc);
	return GDB_REPLY;
}
