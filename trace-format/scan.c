/* SPDX-License-Identifier: MIT */
/*
 * Walk the chunks of a file or a window. A chunk belongs to the trace if all of
 * it says so: header CRC, magic, uuid, number, chain, limits, payload CRC and
 * padding. The first place where one of them does not is where the trace ends;
 * nothing after it is looked at. Spec: docs/trace-format.md, section 5.
 */
#include "priv.h"

/* Whether a read of `len` bytes stays inside of the source. */
static bool inside(const struct tf_source *source, uint64_t offset,
                   uint64_t len)
{
	return offset <= source->size && len <= source->size - offset;
}

static int fetch(const struct tf_source *source, uint64_t offset, void *buf,
                 size_t len)
{
	if (!inside(source, offset, len)) {
		return -TF_ETRUNC;
	}
	return source->read(source->ctx, offset, buf, len) ? -TF_EIO : 0;
}

int tf_scan_open(struct tf_scan *scan, const struct tf_source *source,
                 struct tf_super *sb, void *scratch, size_t scratch_len)
{
	int error;

	if (scratch && scratch_len < TF_CHUNK_ALIGN) {
		return -TF_EINVAL;
	}
	error = fetch(source, 0, sb, sizeof(*sb));
	if (!error) {
		error = tf_super_check(sb);
	}
	if (error) {
		return error;
	}
	tf_memset(scan, 0, sizeof(*scan));
	scan->source = source;
	scan->offset = TF_SUPER_SIZE;
	scan->scratch = scratch;
	scan->scratch_len = scratch_len;
	tf_chain_init(&scan->chain, sb);
	return 0;
}

/* ---- the header
 * ---------------------------------------------------------------- */

static bool all_zero(const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i]) {
			return false;
		}
	}
	return true;
}

/* Limits that hold for a header by itself. */
static bool sizes_valid(const struct tf_chunk_header *h)
{
	if (h->raw_len == 0 || h->raw_len > TF_RAW_MAX || h->nr_records == 0 ||
	    h->nr_records > h->raw_len || h->stored_len == 0) {
		return false;
	}
	if (h->encoding == TF_ENC_RAW) {
		return h->stored_len == h->raw_len &&
		       h->frame_len == TF_CHUNK_HEADER - 8 + h->stored_len;
	}
	return h->encoding == TF_ENC_ZSTD && h->stored_len < h->raw_len &&
	       h->frame_len == TF_CHUNK_HEADER - 8;
}

static int check_header(const struct tf_chunk_header *h, const uint8_t *uuid)
{
	if (h->crc != tf_crc32c(0, h, offsetof(struct tf_chunk_header, crc))) {
		return -TF_EHEADCRC;
	}
	if (h->frame_magic != TF_SKIP_CHUNK ||
	    tf_memcmp(h->magic, TF_CHUNK_MAGIC, sizeof(h->magic))) {
		return -TF_EHEADER;
	}
	if (tf_memcmp(h->uuid, uuid, sizeof(h->uuid))) {
		return -TF_EUUID;
	}
	if (!sizes_valid(h) || h->stream >= TF_NR_STREAMS ||
	    h->first_entry > h->last_entry || (h->flags & ~TF_CHUNK_END) ||
	    ((h->flags & TF_CHUNK_END) && h->stream != TF_STREAM_REPLAY)) {
		return -TF_EHEADER;
	}
	return 0;
}

static int read_header(const struct tf_source *source, uint64_t offset,
                       struct tf_chunk_header *h)
{
	uint64_t room = source->size - offset;
	size_t len = room < sizeof(*h) ? (size_t)room : sizeof(*h);
	int error = fetch(source, offset, h, len);

	if (error) {
		return error;
	}
	if (all_zero(h, len)) {
		return -TF_EBLANK;
	}
	return len < sizeof(*h) ? -TF_ETRUNC : 0;
}

static int check_chain(const struct tf_chain *chain,
                       const struct tf_chunk_header *h)
{
	if (h->chunk_no != chain->next_chunk ||
	    h->prev_crc != chain->prev_crc ||
	    h->first_record != chain->nr_records[h->stream]) {
		return -TF_ECHAIN;
	}
	if (chain->ended && (h->stream == TF_STREAM_REPLAY ||
	                     h->stream == TF_STREAM_SNAPSHOT)) {
		return -TF_EAFTEREND;
	}
	if (h->stream != TF_STREAM_CHECKPOINT &&
	    h->first_entry < chain->last_entry[h->stream]) {
		return -TF_ECHAIN;
	}
	return 0;
}

/* ---- payload and padding
 * ---------------------------------------------------------- */

static int check_padding(const struct tf_source *source, uint64_t offset,
                         uint32_t len)
{
	uint8_t bytes[TF_PAD_MAX];
	int error;

	if (len == 0) {
		return 0;
	}
	error = fetch(source, offset, bytes, len);
	if (error) {
		return error;
	}
	if (tf_load32(bytes) != TF_SKIP_PADDING ||
	    tf_load32(bytes + 4) != len - 8 || !all_zero(bytes + 8, len - 8)) {
		return -TF_EPADDING;
	}
	return 0;
}

static int check_payload(const struct tf_scan *scan,
                         const struct tf_chunk *chunk)
{
	uint64_t offset = chunk->offset + TF_CHUNK_HEADER;
	size_t left = chunk->header.stored_len;
	uint32_t crc = 0;

	while (left) {
		size_t len =
			left < scan->scratch_len ? left : scan->scratch_len;
		int error = fetch(scan->source, offset, scan->scratch, len);

		if (error) {
			return error;
		}
		crc = tf_crc32c(crc, scan->scratch, len);
		offset += len;
		left -= len;
	}
	return crc == chunk->header.payload_crc ? 0 : -TF_EDATACRC;
}

static int check_chunk(const struct tf_scan *scan, struct tf_chunk *chunk)
{
	const struct tf_chunk_header *h = &chunk->header;
	uint32_t padding;
	int error = read_header(scan->source, chunk->offset, &chunk->header);

	if (!error) {
		error = check_header(h, scan->chain.uuid);
	}
	if (!error) {
		error = check_chain(&scan->chain, h);
	}
	if (error) {
		return error;
	}
	padding = tf_padding_len(h->stored_len);
	chunk->next = chunk->offset + TF_CHUNK_HEADER + h->stored_len + padding;
	if (!inside(scan->source, chunk->offset, chunk->next - chunk->offset)) {
		return -TF_ETRUNC;
	}
	error = scan->scratch ? check_payload(scan, chunk) : 0;
	return error ? error
	             : check_padding(scan->source, chunk->next - padding,
	                             padding);
}

/* ---- the walk
 * --------------------------------------------------------------------- */

static int end_here(struct tf_scan *scan, int error)
{
	scan->tail = (struct tf_tail){
		.why = -error,
		.complete = scan->chain.ended,
		.chunk = scan->chain.next_chunk,
		.offset = scan->offset,
	};
	return -TF_EEND;
}

int tf_scan_next(struct tf_scan *scan, struct tf_chunk *chunk)
{
	const struct tf_chunk_header *h = &chunk->header;
	int error;

	if (scan->offset == scan->source->size) {
		return end_here(scan, -TF_EEND);
	}
	if (scan->offset > scan->source->size) {
		return end_here(scan, -TF_ETRUNC);
	}
	chunk->offset = scan->offset;
	error = check_chunk(scan, chunk);
	if (error) {
		return end_here(scan, error);
	}
	scan->offset = chunk->next;
	scan->chain.prev_crc = h->crc;
	scan->chain.next_chunk++;
	scan->chain.nr_records[h->stream] += h->nr_records;
	scan->chain.last_entry[h->stream] = h->last_entry;
	if (h->flags & TF_CHUNK_END) {
		scan->chain.ended = true;
	}
	return 0;
}

int tf_chunk_at(const struct tf_source *source, const uint8_t uuid[16],
                const struct tf_index_entry *entry, struct tf_chunk *chunk)
{
	struct tf_chunk_header *h = &chunk->header;
	int error = fetch(source, entry->offset, h, sizeof(*h));

	if (!error) {
		error = check_header(h, uuid);
	}
	if (error) {
		return error;
	}
	if (h->chunk_no != entry->chunk_no) {
		return -TF_ECHAIN;
	}
	chunk->offset = entry->offset;
	chunk->next = entry->offset + TF_CHUNK_HEADER + h->stored_len +
	              tf_padding_len(h->stored_len);
	return inside(source, chunk->offset, chunk->next - chunk->offset)
	               ? 0
	               : -TF_ETRUNC;
}

int tf_chunk_load(const struct tf_source *source, const struct tf_chunk *chunk,
                  const struct tf_codec *codec, void *stored, size_t stored_cap,
                  void *raw, size_t raw_cap)
{
	const struct tf_chunk_header *h = &chunk->header;
	bool compressed = h->encoding == TF_ENC_ZSTD;
	void *to = compressed ? stored : raw;
	int error;

	if (!sizes_valid(h)) {
		return -TF_EINVAL;
	}
	if (h->raw_len > raw_cap ||
	    (compressed && h->stored_len > stored_cap)) {
		return -TF_ENOSPC;
	}
	error = fetch(source, chunk->offset + TF_CHUNK_HEADER, to,
	              h->stored_len);
	if (error) {
		return error;
	}
	if (tf_crc32c(0, to, h->stored_len) != h->payload_crc) {
		return -TF_EDATACRC;
	}
	if (!compressed) {
		return 0;
	}
	error = tf_frame_check(stored, h->stored_len, h->raw_len);
	if (error) {
		return error;
	}
	if (!codec || !codec->decompress ||
	    codec->decompress(codec->ctx, raw, h->raw_len, stored,
	                      h->stored_len) != (int64_t)h->raw_len) {
		return -TF_EDECOMP;
	}
	return 0;
}

void tf_tail_in_chunk(struct tf_tail *tail, const struct tf_chunk *chunk,
                      uint32_t record, int error)
{
	*tail = (struct tf_tail){
		.why = error < 0 ? -error : error,
		.chunk = chunk->header.chunk_no,
		.record = record,
		.offset = chunk->offset,
	};
}
