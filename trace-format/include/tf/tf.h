/* SPDX-License-Identifier: MIT */
/*
 * The trace format's library: records to bytes, bytes to records, and the
 * sealed chunks between them. This header is its manual; the bytes themselves
 * are specified by docs/trace-format.md.
 *
 * The library is pure: it allocates nothing, does no I/O, keeps no state of its
 * own, and never recurses. All memory is the caller's. Functions that can fail
 * return 0 or a negative TF_E*. Input is hostile unless said otherwise: no
 * bytes can make the reader loop without bound, read outside of the buffers
 * that it was given, or hand out a value that contradicts its documentation.
 *
 * Writing: tf_super_seal() gives the first 4096 bytes. One struct tf_writer
 * per stream gathers records in a raw buffer; when tf_put_*() answers
 * -TF_ENOSPC (nothing was written then), or when the time has come, tf_seal()
 * turns the buffer into the bytes of the next chunk, in place: into a ring, a
 * window or a file's buffer. struct tf_chain numbers and links the chunks.
 *
 *	tf_super_init(sb); ...; tf_super_seal(sb);
 *	tf_chain_init(&chain, sb);
 *	tf_writer_init(&w, TF_STREAM_REPLAY, raw, sizeof(raw), NULL);
 *	tf_writer_open(&w, entry);
 *	if (tf_put_event(&w, &(struct tf_event){...}) == -TF_ENOSPC) {
 *		tf_seal(&chain, &w, &codec, dst, room, &len);
 *		tf_writer_open(&w, entry);
 *	}
 *
 * Reading: tf_scan_open() and tf_scan_next() walk the chunks of a file or of a
 * window and say where and why the trace ends; tf_chunk_load() brings one
 * chunk's raw payload; tf_reader_init() and tf_read() take its records out.
 */
#ifndef TF_TF_H
#define TF_TF_H

#include <tf/records.h>
#include <tf/super.h>

/* ---- limits -----------------------------------------------------------------
 */
#define TF_CHUNK_HEADER 128u
#define TF_CHUNK_ALIGN  64u
#define TF_RAW_MAX      (1u << 20) /* raw bytes of a chunk */
#define TF_RAW_ADVISED  (256u << 10)
#define TF_PAD_MAX      71u
#define TF_CHUNK_MAX    (TF_CHUNK_HEADER + TF_RAW_MAX + 64u)
#define TF_END_ROOM     1024u /* keep free in a window for the chunk of END */
#define TF_END_TEXT_MAX 512u  /* longest END text that TF_END_ROOM takes */

/* ---- errors: numbers are stable, functions return them negated
 * ---------------- */
#define TF_ERRORS(X)                                                           \
	X(1, EEND, "end of data")                                              \
	X(2, ENOSPC, "no room left")                                           \
	X(3, ETOOBIG, "record larger than a chunk")                            \
	X(4, EINVAL, "argument out of range")                                  \
	X(5, EORDER, "position moves backwards")                               \
	X(10, EIO, "read failed")                                              \
	X(11, ETRUNC, "cut short")                                             \
	X(12, EBLANK, "nothing written here yet")                              \
	X(13, EUUID, "chunk of another trace")                                 \
	X(20, EMAGIC, "not a trace")                                           \
	X(21, EVERSION, "format version not supported")                        \
	X(22, ECRC, "superblock checksum mismatch")                            \
	X(23, EHEADER, "header field out of range")                            \
	X(24, EHEADCRC, "chunk header checksum mismatch")                      \
	X(25, ECHAIN, "chunk does not follow the one before it")               \
	X(26, EDATACRC, "chunk payload checksum mismatch")                     \
	X(27, EPADDING, "padding is not as specified")                         \
	X(28, EAFTEREND, "recording goes on after its END")                    \
	X(40, EFRAME, "payload is not the zstd frame that its header says")    \
	X(41, EDECOMP, "payload does not decompress")                          \
	X(42, ERECORD, "malformed record")                                     \
	X(43, EVARINT, "malformed number")                                     \
	X(44, ESTREAM, "record does not belong to this stream")                \
	X(45, ECOUNT, "records disagree with the chunk header")

enum tf_error {
#define TF_X(nr, name, text) TF_##name = (nr),
	TF_ERRORS(TF_X)
#undef TF_X
};

/** Text of an error, negative or positive; "unknown error" for the rest. */
const char *tf_strerror(int error);

/** Name of a record id ("EVENT"), or NULL for an id of a newer version. */
const char *tf_record_name(unsigned int id);

/** Name of a stream ("replay"), or NULL. */
const char *tf_stream_name(unsigned int stream);

/** Name of an END reason ("shutdown"), or NULL. */
const char *tf_end_reason_name(unsigned int reason);

/* ---- leaf codecs
 * -------------------------------------------------------------- */

/** crc32c (Castagnoli). Start with 0; feed the result back in to go on. */
uint32_t tf_crc32c(uint32_t crc, const void *data, size_t len);

/**
 * 128-bit digest of bytes, from a start value: zero, or the digest of what came
 * before. Not cryptographic. Spec: section 9.
 */
struct tf_hash128 tf_hash(struct tf_hash128 start, const void *data,
                          size_t len);

/** One step of a rolling 64-bit hash over words, as registers need it. */
static inline uint64_t tf_hash_step(uint64_t hash, uint64_t word)
{
	word *= 0x87c37b91114253d5ull;
	word = (word << 31) | (word >> 33);
	word *= 0x4cf5ad432745937full;
	hash ^= word;
	hash = (hash << 27) | (hash >> 37);
	return hash * 5 + 0x52dce729;
}

/** Bytes that a varint takes, 1 to 10. */
unsigned int tf_varint_size(uint64_t value);

/** Write a varint: the end of it. The caller has 10 bytes. */
uint8_t *tf_varint_put(uint8_t *p, uint64_t value);

/** Read a varint from [*p, end): 0 and *p moved, or -TF_EVARINT. */
int tf_varint_get(const uint8_t **p, const uint8_t *end, uint64_t *value);

/* ---- the model of hypercalls (history stream)
 * --------------------------------- */

/*
 * What both sides of a history chunk remember of the calls so far, so that a
 * call which could be foreseen costs one byte. Reset at each chunk. Opaque;
 * about 16 KiB, so the caller places it. Spec: section 8.
 */
#define TF_CALL_SLOTS  64u
#define TF_CALL_RECENT 32u

struct tf_call_slot {
	uint32_t nr;
	uint32_t subop;
	uint8_t flags;
	uint64_t distance; /* entries since the record before */
	int64_t result;
	uint64_t last[TF_NR_ARGS];
	uint64_t delta[TF_NR_ARGS];
	uint64_t stride[TF_NR_ARGS];
};

struct tf_calls {
	struct tf_call_slot slot[TF_CALL_SLOTS];
	uint8_t next[TF_CALL_SLOTS][TF_CALL_SLOTS];
	uint64_t recent[TF_CALL_RECENT];
	uint32_t nr_recent; /* ever inserted; a chunk's size bounds it */
	uint8_t nr_slots;
	uint8_t victim;
	uint8_t before; /* slot of the call before the last */
	uint8_t last;   /* slot of the last call */
};

/* ---- writing records
 * ------------------------------------------------------------ */

/* One open chunk. Fields are read-only for the caller. */
struct tf_writer {
	uint8_t *buf;
	uint32_t cap;
	uint32_t len;
	uint32_t nr_records;
	uint8_t stream;
	bool positioned;      /* a record with a position is in it */
	bool ended;           /* its last record is END */
	uint64_t first_entry; /* of the chunk's header */
	uint64_t last_entry;
	struct tf_calls *calls;
};

/**
 * Prepare a writer for one stream over `cap` bytes at `buf` (at most
 * TF_RAW_MAX are used). `calls` is needed by the history stream and NULL for
 * the others. -TF_EINVAL for arguments that make no sense.
 */
int tf_writer_init(struct tf_writer *w, enum tf_stream stream, void *buf,
                   size_t cap, struct tf_calls *calls);

/** Empty the writer for a new chunk. No record in it may be before `entry`. */
void tf_writer_open(struct tf_writer *w, uint64_t entry);

/**
 * Append a record: `record` points to the structure of `id`. Use the typed
 * tf_put_<name>() below. On any error the chunk is as it was:
 * -TF_ENOSPC   seal the chunk and try again
 * -TF_ETOOBIG  would not fit an empty chunk of this writer either
 * -TF_EORDER   its entry is before the last one's
 * -TF_ESTREAM  the record does not belong to the writer's stream
 * -TF_EINVAL   a field has a length that its kind forbids, or END was written
 */
int tf_put(struct tf_writer *w, enum tf_id id, const void *record);

#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	static inline int tf_put_##name(struct tf_writer *w,                   \
	                                const struct tf_##name *record)        \
	{                                                                      \
		return tf_put(w, TF_##NAME, record);                           \
	}
#include <tf/events.def>

/* ---- sealing chunks
 * ---------------------------------------------------------------- */

#define TF_CHUNK_MAGIC "CVCHUNK" /* eight bytes with its NUL */
#define TF_ENC_RAW     0
#define TF_ENC_ZSTD    1

/* Bits of tf_chunk_header.flags. Others are zero. */
#define TF_CHUNK_END 0x0001u /* the last record of this chunk is END */

/* The 128 bytes before a payload, as they are in the file. Section 4. */
struct tf_chunk_header {
	uint32_t frame_magic; /* 0x184D2A51, a zstd skippable frame */
	uint32_t frame_len;   /* 120, plus stored_len if raw */
	char magic[8];
	uint8_t uuid[16];
	uint64_t chunk_no;
	uint64_t first_entry;
	uint64_t last_entry;
	uint64_t first_record; /* records of this stream in chunks before */
	uint32_t nr_records;
	uint32_t raw_len;
	uint32_t stored_len;
	uint32_t payload_crc; /* crc32c of the stored bytes */
	uint8_t stream;
	uint8_t encoding;
	uint16_t flags;
	uint32_t prev_crc; /* `crc` of the chunk before; of the superblock */
	uint8_t reserved[36];
	uint32_t crc; /* crc32c of the 124 bytes before */
};
_Static_assert(sizeof(struct tf_chunk_header) == TF_CHUNK_HEADER, "section 4");
_Static_assert(offsetof(struct tf_chunk_header, chunk_no) == 32, "section 4");
_Static_assert(offsetof(struct tf_chunk_header, prev_crc) == 84, "section 4");
_Static_assert(offsetof(struct tf_chunk_header, crc) == 124, "section 4");

/* What one chunk hands to the next. One per trace, shared by its streams. */
struct tf_chain {
	uint8_t uuid[16];
	uint32_t prev_crc;
	bool ended;
	uint64_t next_chunk;
	uint64_t nr_records[TF_NR_STREAMS];
	uint64_t last_entry[TF_NR_STREAMS];
};

/*
 * Compression is the caller's. Each function works from `src` to `dst` and
 * returns the length of the result, or a negative number: too little room or
 * any other reason. `compress` gives one zstd frame with content size and
 * content checksum, and with a window of 1 MiB at most.
 */
struct tf_codec {
	void *ctx;
	int64_t (*compress)(void *ctx, void *dst, size_t cap, const void *src,
	                    size_t len);
	int64_t (*decompress)(void *ctx, void *dst, size_t cap, const void *src,
	                      size_t len);
};

/** Start a chain after a sealed superblock. */
void tf_chain_init(struct tf_chain *chain, const struct tf_super *sb);

/**
 * Bytes that tf_seal() may need for a chunk of `raw_len` raw bytes; it needs
 * less if the payload compresses.
 */
size_t tf_seal_bound(size_t raw_len);

/**
 * Seal the writer's records as the next chunk at `dst`. `codec` NULL, a
 * failing compressor, or a result that is not smaller, store the payload raw.
 * The commit order of section 5 is kept, so `dst` may be a window that
 * somebody reads, or that outlives us: the chunk does not exist before the
 * last four bytes of its header. *len is the length of the chunk, a multiple
 * of 64, and 0 if there was no record to seal.
 *
 * -TF_ENOSPC: does not fit `cap`; writer and chain are unchanged. -TF_EORDER:
 * starts before the stream's last chunk ended. -TF_EAFTEREND: a chunk of the
 * replay or snapshot stream after END.
 * The writer keeps its records; open it before it is used again.
 */
int tf_seal(struct tf_chain *chain, const struct tf_writer *w,
            const struct tf_codec *codec, void *dst, size_t cap, size_t *len);

/* Where one chunk is. Its header has been checked. */
struct tf_chunk {
	struct tf_chunk_header header;
	uint64_t offset; /* of its header */
	uint64_t next;   /* of the chunk after it */
};

/* ---- index
 * -------------------------------------------------------------------------- */

struct tf_index_entry {
	uint64_t offset;
	uint64_t chunk_no;
	uint64_t first_entry;
	uint64_t last_entry;
	uint64_t first_record;
	uint32_t nr_records;
	uint8_t stream;
};

/* Over an array of the caller's, in the order of the file. */
struct tf_index {
	struct tf_index_entry *entry;
	size_t cap;
	size_t nr;
};

/** Append a chunk: 0, or -TF_ENOSPC when the array is full. */
int tf_index_add(struct tf_index *index, const struct tf_chunk *chunk);

/**
 * The first chunk of a stream whose last_entry is at least `entry`: the first
 * to hold a record at that position or after it. NULL if there is none.
 */
const struct tf_index_entry *tf_index_find(const struct tf_index *index,
                                           enum tf_stream stream,
                                           uint64_t entry);

/** The chunk of a stream that holds its record number `record`, or NULL. */
const struct tf_index_entry *tf_index_record(const struct tf_index *index,
                                             enum tf_stream stream,
                                             uint64_t record);

/* ---- scanning a file or a window
 * --------------------------------------------------- */

/*
 * Where bytes come from. `read` fills `buf` with the `len` bytes at `offset`
 * and returns 0, or anything else if it cannot. `size` is the size of the file
 * or the window; nothing at or beyond it is asked for.
 */
struct tf_source {
	void *ctx;
	int (*read)(void *ctx, uint64_t offset, void *buf, size_t len);
	uint64_t size;
};

/* Where a trace ends, and why. tf_tail_line() puts it in words. */
struct tf_tail {
	int why;         /* TF_E*, positive; TF_EEND at the file's exact end */
	bool complete;   /* an END record was reached */
	uint64_t chunk;  /* number of the first chunk not whole */
	uint64_t record; /* in it, the first record that is not usable */
	uint64_t offset; /* byte of the file at which that chunk begins */
};

struct tf_scan {
	const struct tf_source *source;
	struct tf_chain chain;
	uint64_t offset;
	uint8_t *scratch;
	size_t scratch_len;
	struct tf_tail tail; /* valid once tf_scan_next() returned -TF_EEND */
};

/**
 * Read and check the superblock, and start a scan after it. `scratch` is for
 * payloads to pass through while their CRC is checked (64 bytes at least; some
 * KiB are faster) and stays the scan's; NULL checks headers only, for a trace
 * whose payloads tf_chunk_load() will check. -TF_ETRUNC, -TF_EIO, or an error
 * of tf_super_check(): there is no trace to use, and `scan` is not valid.
 */
int tf_scan_open(struct tf_scan *scan, const struct tf_source *source,
                 struct tf_super *sb, void *scratch, size_t scratch_len);

/**
 * The next chunk: 0 and *chunk, or -TF_EEND once nothing more belongs to the
 * trace; scan->tail says why. There is no other outcome. Another call looks
 * again at the same place, which follows a trace that still grows; scan->chain
 * and scan->offset are where a writer would go on.
 */
int tf_scan_next(struct tf_scan *scan, struct tf_chunk *chunk);

/**
 * Bring the raw payload of a chunk to `raw` (header.raw_len bytes, so at most
 * TF_RAW_MAX). `stored` takes a compressed payload (TF_RAW_MAX suffices) and is
 * not touched for a raw one. Payload CRC and zstd frame are checked before
 * anything is decompressed. -TF_EIO, -TF_ENOSPC, -TF_EDATACRC, -TF_EFRAME,
 * -TF_EDECOMP (also when the codec is NULL and needed).
 */
int tf_chunk_load(const struct tf_source *source, const struct tf_chunk *chunk,
                  const struct tf_codec *codec, void *stored, size_t stored_cap,
                  void *raw, size_t raw_cap);

/**
 * Read the header of a chunk again, at the place where an index found it:
 * 0, -TF_EIO, -TF_EHEADCRC, -TF_EUUID, -TF_EHEADER or -TF_ECHAIN.
 */
int tf_chunk_at(const struct tf_source *source, const uint8_t uuid[16],
                const struct tf_index_entry *entry, struct tf_chunk *chunk);

/** Note in *tail that reading ended in this chunk, at this record of it. */
void tf_tail_in_chunk(struct tf_tail *tail, const struct tf_chunk *chunk,
                      uint32_t record, int error);

/**
 * One line, without newline, of at most `cap` bytes with its NUL:
 * "trace ends at record N of chunk C: <reason> at byte B". Returns `line`.
 */
char *tf_tail_line(const struct tf_tail *tail, char *line, size_t cap);

/**
 * Check that [data, data + len) is exactly one zstd frame as section 4.3 wants
 * it: content size `raw_len`, checksum, no dictionary, window at most 1 MiB.
 */
int tf_frame_check(const void *data, size_t len, uint32_t raw_len);

/* ---- reading records
 * --------------------------------------------------------------- */

/* One chunk's payload being read. Fields are read-only for the caller. */
struct tf_reader {
	const uint8_t *buf;
	uint32_t len;
	uint32_t pos;
	uint32_t index; /* of the next record */
	struct tf_chunk_header header;
	bool positioned;
	bool ended;
	uint64_t entry;
	struct tf_calls *calls;
};

/**
 * Read the records of a payload of header->raw_len bytes. `calls` as for the
 * writer. The payload must stay, unchanged, while records of it are in use.
 * -TF_EINVAL for arguments that make no sense.
 */
int tf_reader_init(struct tf_reader *r, const struct tf_chunk_header *header,
                   const void *payload, struct tf_calls *calls);

/**
 * The next record: 0, or -TF_EEND when all were read and agree with the header,
 * or -TF_ERECORD, -TF_EVARINT, -TF_ESTREAM, -TF_ECOUNT for a payload that does
 * not; r->index and r->pos stay at the record that is wrong.
 */
int tf_read(struct tf_reader *r, struct tf_record *record);

/** Word `i` of a field of kind F_WORDS; 0 beyond its end. */
uint64_t tf_word(const struct tf_bytes *words, uint32_t i);

/** Pair `i` of a field of kind F_FRAMES; false beyond its end. */
bool tf_frame_pair(const struct tf_bytes *frames, uint32_t i,
                   struct tf_frame_hash *pair);

#endif /* TF_TF_H */
