/* SPDX-License-Identifier: MIT */
/*
 * General queries: what the server can do, and the objects that GDB reads
 * through "qXfer". A memory map is never offered: GDB would refuse, without
 * asking, whatever lies outside it.
 */
#include "query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_kernel_file(struct gdb_session *s)
{
	char path[2] = "";

	s->target->ops->describe(s->target, CHV_INFO_KERNEL_FILE, 0, path,
	                         sizeof(path));
	return path[0] != '\0';
}

static bool offers(const struct rsp_args *a, const char *feature)
{
	return memmem(a->p, rsp_args_left(a), feature, strlen(feature)) != NULL;
}

enum gdb_action gdb_q_supported(struct gdb_session *s, struct rsp_args *a)
{
	s->multiprocess = offers(a, "multiprocess+");
	s->break_reasons = offers(a, "swbreak+") && offers(a, "hwbreak+");
	rsp_printf(&s->out,
	           "PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;"
	           "qXfer:threads:read+;multiprocess+;swbreak+;hwbreak+;"
	           "vContSupported+;ConditionalBreakpoints+;QPassSignals+",
	           RSP_PACKET_MAX);
	if (has_kernel_file(s)) {
		rsp_put(&s->out, ";qXfer:exec-file:read+");
	}
	if (s->target->ops->reversible) {
		/* GDB tests one of the two: both or none. */
		rsp_put(&s->out, ";ReverseStep+;ReverseContinue+");
	}
	return GDB_REPLY;
}

enum gdb_action gdb_start_noack(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	s->noack = true;
	return gdb_reply(s, "OK");
}

enum gdb_action gdb_extended(struct gdb_session *s, struct rsp_args *a)
{
	(void)a;
	s->extended = true;
	return gdb_reply(s, "OK");
}

static bool take_annex(struct rsp_args *a, const char *annex)
{
	if (annex != NULL) {
		return rsp_maybe_text(a, annex) && rsp_maybe_char(a, ':');
	}
	while (rsp_args_left(a) > 0 && *a->p != ':') {
		a->p++;
	}
	return rsp_maybe_char(a, ':');
}

enum gdb_action gdb_xfer_text(struct gdb_session *s, struct rsp_args *a,
                              const char *annex, const char *text)
{
	bool known = take_annex(a, annex);
	uint64_t offset = rsp_take_hex(a);
	uint64_t len;
	size_t left;
	size_t sent;

	rsp_take_char(a, ',');
	len = rsp_take_hex(a);
	if (!known) {
		return gdb_reply(s, "E00");
	}
	if (!rsp_args_done(a) || text == NULL || offset > strlen(text)) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	left = strlen(text + offset);
	if (len > left) {
		len = left;
	}
	rsp_put_byte(&s->out, 'm');
	sent = rsp_put_binary(&s->out, text + offset, len);
	if (sent == left) {
		s->out.buf[0] = 'l';
	}
	return GDB_REPLY;
}

enum gdb_action gdb_q_features(struct gdb_session *s, struct rsp_args *a)
{
	if (s->features_xml == NULL) {
		s->features_xml = gdb_features_xml();
	}
	return gdb_xfer_text(s, a, "target.xml", s->features_xml);
}

enum gdb_action gdb_q_exec_file(struct gdb_session *s, struct rsp_args *a)
{
	char path[4096];

	s->target->ops->describe(s->target, CHV_INFO_KERNEL_FILE, 0, path,
	                         sizeof(path));
	return gdb_xfer_text(s, a, NULL, path[0] != '\0' ? path : NULL);
}

/* For scripts in GDB: "NAME:OFFSET,LENGTH" of a module's symbols. */
enum gdb_action gdb_q_module(struct gdb_session *s, struct rsp_args *a)
{
	const struct chv_target_ops *ops = s->target->ops;
	const uint8_t *colon = memchr(a->p, ':', rsp_args_left(a));
	size_t len = colon != NULL ? (size_t)(colon - a->p) : SIZE_MAX;
	char name[sizeof(s->module_name)];

	if (len >= sizeof(name) || ops->module_text == NULL) {
		return gdb_reply(s, GDB_E_INVALID);
	}
	memcpy(name, a->p, len);
	name[len] = '\0';
	if (s->module_text == NULL || strcmp(s->module_name, name) != 0) {
		free(s->module_text);
		s->module_text = ops->module_text(s->target, name);
		strcpy(s->module_name, name);
	}
	return gdb_xfer_text(s, a, NULL, s->module_text);
}

/*
 * For scripts in GDB: the position as one line of JSON, hex-coded because a
 * brace is an escape on the wire.
 */
enum gdb_action gdb_q_position(struct gdb_session *s, struct rsp_args *a)
{
	const struct chv_target_ops *ops = s->target->ops;
	struct chv_position pos, first, last;
	char moment[CHV_POSITION_TEXT];
	char share[32] = "null";
	char json[512];

	(void)a;
	if (ops->position(s->target, &pos) != 0) {
		return gdb_reply(s, GDB_E_REFUSED);
	}
	if (ops->span(s->target, &first, &last) == 0) {
		snprintf(share, sizeof(share), "%u",
		         chv_position_share(&pos, &first, &last));
	}
	chv_moment_format(&pos, moment, sizeof(moment));
	snprintf(json, sizeof(json),
	         "{\"moment\":\"%s\",\"event\":%" PRIu64 ",\"entry\":%" PRIu64
	         ",\"offset\":%" PRIu64 ",\"time_ns\":%" PRIu64
	         ",\"share\":%s,\"kind\":\"%s\"}",
	         moment, pos.event, pos.entry, pos.offset, pos.time_ns, share,
	         ops->kind);
	rsp_put_hex(&s->out, json, strlen(json));
	return GDB_REPLY;
}

static const char *xml_entity(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

char *gdb_xml_escape(const char *text)
{
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	if (f == NULL) {
		return NULL;
	}
	for (; *text != '\0'; text++) {
		const char *entity = xml_entity(*text);

		if (entity != NULL) {
			fputs(entity, f);
		} else if (*text >= 0x20 && *text < 0x7f) {
			fputc(*text, f);
		} else {
			fputc('?', f);
		}
	}
	return fclose(f) == 0 ? out : NULL;
}
