/* SPDX-License-Identifier: MIT */
/*
 * What the files of the GDB server share: the session, its packet table and
 * the helpers that write replies. Private to debugger/gdbserver/.
 *
 * A handler reads its packet through struct rsp_args, writes the reply into
 * s->out and says what to do with it. Nothing else sends.
 */
#ifndef CHV_GDBSERVER_SESSION_H
#define CHV_GDBSERVER_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chv/rsp.h>
#include <chv/target.h>

#define GDB_MAX_BREAKS     65536
#define GDB_MAX_CONDITIONS 64
#define GDB_MAX_MARKS      256
#define GDB_MAX_TRAIL      64
#define GDB_MAX_FILES      4
/* Damaged packets in a row, or demands to repeat, before giving up. */
#define GDB_MAX_NAKS       8

/* Errors as GDB shows them: "remote failure reply 'E14'". */
#define GDB_E_REFUSED "E01" /* Not allowed here, or not possible now. */
#define GDB_E_FAULT   "E14" /* The address is not mapped. */
#define GDB_E_INVALID "E22" /* The packet makes no sense. */
#define GDB_E_FULL    "E28" /* No more of these. */

enum gdb_action {
	GDB_REPLY, /* Send s->out, also when it is empty. */
	GDB_WAIT,  /* The reply comes when the target stops. */
	GDB_NONE,  /* No reply at all. */
	GDB_BYE,   /* Send s->out, then close the connection. */
};

/* Whom the next stop of the target answers. */
enum gdb_pending {
	GDB_PENDING_NONE,
	GDB_PENDING_ATTACH, /* Stopping a live guest before the first packet. */
	GDB_PENDING_STOP,   /* A resume packet: a stop reply. */
	GDB_PENDING_RUN, /* vRun: a stop reply, then hold the first resume. */
	GDB_PENDING_MONITOR, /* A monitor command that moved: its text. */
	GDB_PENDING_SILENT,  /* R: no reply is expected. */
};

struct gdb_condition {
	size_t len;
	uint8_t *code;
};

struct gdb_break {
	struct chv_break b;
	struct gdb_session *s;
	size_t nr_conditions;
	struct gdb_condition conditions[];
};

struct gdb_breaks {
	size_t nr;
	size_t room;
	struct gdb_break **list;
};

struct gdb_mark {
	unsigned int number;
	struct chv_position pos;
	char note[64];
};

struct gdb_session {
	struct chv_target *target;

	/* Wire. */
	struct rsp_input in;
	struct rsp_output out;
	bool noack;
	bool closing;
	bool on_line; /* A client may be another than the one before. */
	unsigned int naks;
	size_t queue_len;
	size_t last_at; /* Where the last frame's copy ends: its length. */
	uint8_t queue[4 * RSP_WIRE_MAX];
	uint8_t last[RSP_WIRE_MAX];

	/* Protocol. */
	bool extended;
	bool multiprocess;  /* The client understands "pPID.TID". */
	bool break_reasons; /* The client understands "swbreak". */
	bool hold_resume; /* After vRun: answer the next "c" without moving. */
	unsigned int g_vcpu;
	unsigned int c_vcpu;
	enum gdb_pending pending;
	struct chv_stop stop; /* The last one, for '?'. */
	bool announce_progress;
	uint64_t progress_ms;

	/* Caches, good until the guest moves. */
	bool regs_valid;
	unsigned int regs_vcpu;
	struct chv_regs regs;
	char *features_xml;
	int files[GDB_MAX_FILES]; /* Descriptors plus one; 0: not open. */
	char *threads_xml;
	char *module_text;
	char module_name[64];

	struct gdb_breaks breaks;

	/* Moments that people come back to. */
	unsigned int nr_marks;
	unsigned int next_mark;
	struct gdb_mark marks[GDB_MAX_MARKS];
	unsigned int nr_trail;
	unsigned int trail_at;
	struct chv_position trail[GDB_MAX_TRAIL];
};

/* session.c */

/** The unsigned process id that GDB knows the domain by. */
unsigned int gdb_pid(const struct gdb_session *s);
/** Forget everything read from the guest: it is about to move. */
void gdb_forget(struct gdb_session *s);
/** Registers of @vcpu through the cache. Returns 0 or a negative errno. */
int gdb_get_regs(struct gdb_session *s, unsigned int vcpu);
/** Queue console text for GDB's user; only before a reply that is due. */
void gdb_console(struct gdb_session *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** Replace the reply with @text. */
enum gdb_action gdb_reply(struct gdb_session *s, const char *text);
/** Start the guest; @pending is answered by its stop. */
enum gdb_action gdb_start(struct gdb_session *s, const struct chv_resume *r);
enum gdb_action gdb_start_seek(struct gdb_session *s,
                               const struct chv_moment *m,
                               enum gdb_pending pending);
/** Append guest-chosen text to XML: markup escaped, controls dropped. */
char *gdb_xml_escape(const char *text);

/* packets.c */

/** Find and run the handler of the packet in s->in. */
enum gdb_action gdb_dispatch(struct gdb_session *s);

/* Handlers: @a stands behind the packet's name. */
enum gdb_action gdb_q_supported(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_q_features(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_q_threads(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_q_exec_file(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_q_first_threads(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_q_next_threads(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_q_thread_extra(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_q_current(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_q_attached(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_q_position(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_q_search(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_q_crc(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_q_module(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_q_rcmd(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_start_noack(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_accept_ok(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_must_be_empty(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_extended(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_select_thread(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_thread_alive(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_read_all_regs(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_write_all_regs(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_read_reg(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_write_reg(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_read_mem_hex(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_read_mem_binary(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_write_mem_hex(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_write_mem_binary(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_stop_reason(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_vcont_query(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_vcont(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_legacy_step(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_legacy_continue(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_reverse_step(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_reverse_continue(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_insert_break(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_remove_break(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_run(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_restart(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_attach(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_detach(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_kill(struct gdb_session *s, struct rsp_args *a);

/* files.c */

void gdb_close_files(struct gdb_session *s);
enum gdb_action gdb_file_setfs(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_file_open(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_file_close(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_file_pread(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_file_fstat(struct gdb_session *s, struct rsp_args *a);
enum gdb_action gdb_file_readlink(struct gdb_session *s, struct rsp_args *a);

/* threads.c */

/* "Any" and "all" in a thread id. */
#define GDB_TID_ANY 0
#define GDB_TID_ALL (-1)

struct gdb_tid {
	int64_t pid;
	int64_t tid;
};

/** A thread id, with or without a process; sets a->bad when malformed. */
struct gdb_tid gdb_take_tid(struct rsp_args *a);
/** True when @tid names @vcpu, or any, or all. */
bool gdb_tid_matches(const struct gdb_session *s, struct gdb_tid tid,
                     unsigned int vcpu);
/** True when @tid is one thread that exists, or a wildcard. */
bool gdb_tid_exists(const struct gdb_session *s, struct gdb_tid tid);
/** The id of @vcpu in the form that the client understands. */
void gdb_put_tid(struct gdb_session *s, unsigned int vcpu);

#define GDB_TID_TEXT 32
void gdb_format_tid(const struct gdb_session *s, unsigned int vcpu,
                    char buf[GDB_TID_TEXT]);

/* breaks.c */

void gdb_drop_breaks(struct gdb_session *s);

/* stop.c */

/** Write the stop reply for s->stop into s->out. */
void gdb_put_stop(struct gdb_session *s);
/** Tell the user in words what a stop reply cannot say. */
void gdb_explain_stop(struct gdb_session *s);

/* monitor.c */

/** A monitor command's seek has ended: tell the user where we are. */
void gdb_monitor_arrived(struct gdb_session *s);

/* marks.c */

/** Remember where the guest stands now, before it leaves. */
void gdb_trail_push(struct gdb_session *s);
/** Step through the trail: -1 back, +1 forward. False at its end. */
bool gdb_trail_move(struct gdb_session *s, int direction,
                    struct chv_moment *to);
/** A new mark here. Returns NULL when there are too many. */
const struct gdb_mark *gdb_mark_add(struct gdb_session *s, const char *note);
const struct gdb_mark *gdb_mark_find(const struct gdb_session *s,
                                     unsigned int number);
bool gdb_mark_delete(struct gdb_session *s, unsigned int number);
/**
 * A moment as people may write it, marks ("c3") included, made absolute.
 * Returns 0, -EINVAL, -ERANGE, or -ENOENT for a mark that does not exist.
 */
int gdb_parse_moment(struct gdb_session *s, const char *text,
                     struct chv_moment *m);

#endif
