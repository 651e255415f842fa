/* SPDX-License-Identifier: MIT */
/*
 * Records become a chunk. The chunk is built where it will stay, in the order
 * that makes it exist at once and only when it is whole: the old header's place
 * is cleared, payload and padding are written, then the header, and the
 * header's CRC last. Spec: docs/trace-format.md, sections 4 and 5.
 */
#include "priv.h"

void tf_chain_init(struct tf_chain *chain, const struct tf_super *sb)
{
	tf_memset(chain, 0, sizeof(*chain));
	tf_memcpy(chain->uuid, sb->uuid, sizeof(chain->uuid));
	chain->prev_crc = sb->crc;
}

uint32_t tf_padding_len(uint32_t stored_len)
{
	uint32_t gap = (0u - stored_len) % TF_CHUNK_ALIGN;

	return gap == 0 || gap >= 8 ? gap : gap + TF_CHUNK_ALIGN;
}

static size_t chunk_len(uint32_t stored_len)
{
	return TF_CHUNK_HEADER + (size_t)stored_len +
	       tf_padding_len(stored_len);
}

size_t tf_seal_bound(size_t raw_len)
{
	return raw_len > TF_RAW_MAX ? SIZE_MAX : chunk_len((uint32_t)raw_len);
}

static int check_follows(const struct tf_chain *chain,
                         const struct tf_writer *w)
{
	if (chain->ended && (w->stream == TF_STREAM_REPLAY ||
	                     w->stream == TF_STREAM_SNAPSHOT)) {
		return -TF_EAFTEREND;
	}
	if (w->stream != TF_STREAM_CHECKPOINT &&
	    w->first_entry < chain->last_entry[w->stream]) {
		return -TF_EORDER;
	}
	return 0;
}

/*
 * Compress in place: the length, or 0 if the payload has to stay raw. The limit
 * leaves room for padding and makes "not smaller" a failure.
 */
static uint32_t try_compress(const struct tf_writer *w,
                             const struct tf_codec *codec, uint8_t *payload,
                             size_t room)
{
	size_t cap = w->len - 1;
	int64_t len;

	if (!codec || !codec->compress || room <= TF_PAD_MAX) {
		return 0;
	}
	if (cap > room - TF_PAD_MAX) {
		cap = room - TF_PAD_MAX;
	}
	len = codec->compress(codec->ctx, payload, cap, w->buf, w->len);
	if (len <= 0 || (uint64_t)len > cap ||
	    tf_frame_check(payload, (size_t)len, w->len)) {
		return 0;
	}
	return (uint32_t)len;
}

static void put_padding(uint8_t *p, uint32_t len)
{
	uint32_t magic = TF_SKIP_PADDING;
	uint32_t frame_len = len - 8;

	if (len == 0) {
		return;
	}
	p = tf_store(p, &magic, 4);
	p = tf_store(p, &frame_len, 4);
	tf_memset(p, 0, frame_len);
}

static void fill_header(struct tf_chunk_header *h, const struct tf_chain *chain,
                        const struct tf_writer *w, uint32_t stored_len,
                        bool compressed)
{
	tf_memset(h, 0, sizeof(*h));
	h->frame_magic = TF_SKIP_CHUNK;
	h->frame_len = TF_CHUNK_HEADER - 8 + (compressed ? 0 : stored_len);
	tf_memcpy(h->magic, TF_CHUNK_MAGIC, sizeof(h->magic));
	tf_memcpy(h->uuid, chain->uuid, sizeof(h->uuid));
	h->chunk_no = chain->next_chunk;
	h->first_entry = w->first_entry;
	h->last_entry = w->last_entry;
	h->first_record = chain->nr_records[w->stream];
	h->nr_records = w->nr_records;
	h->raw_len = w->len;
	h->stored_len = stored_len;
	h->stream = w->stream;
	h->encoding = compressed ? TF_ENC_ZSTD : TF_ENC_RAW;
	h->flags = w->ended ? TF_CHUNK_END : 0;
	h->prev_crc = chain->prev_crc;
}

static void commit(uint8_t *dst, const struct tf_chunk_header *h)
{
	const size_t body = offsetof(struct tf_chunk_header, crc);

	tf_store_barrier();
	tf_memcpy(dst, h, body);
	tf_store_barrier();
	tf_memcpy(dst + body, &h->crc, sizeof(h->crc));
	tf_store_barrier();
}

static void advance(struct tf_chain *chain, const struct tf_chunk_header *h)
{
	chain->prev_crc = h->crc;
	chain->next_chunk++;
	chain->nr_records[h->stream] += h->nr_records;
	chain->last_entry[h->stream] = h->last_entry;
	if (h->flags & TF_CHUNK_END) {
		chain->ended = true;
	}
}

int tf_seal(struct tf_chain *chain, const struct tf_writer *w,
            const struct tf_codec *codec, void *dst, size_t cap, size_t *len)
{
	uint8_t *payload = (uint8_t *)dst + TF_CHUNK_HEADER;
	struct tf_chunk_header h;
	uint32_t stored_len;
	bool compressed;
	int error;

	*len = 0;
	if (w->nr_records == 0) {
		return 0;
	}
	error = check_follows(chain, w);
	if (error) {
		return error;
	}
	if (cap < TF_CHUNK_HEADER) {
		return -TF_ENOSPC;
	}
	tf_memset(dst, 0, TF_CHUNK_HEADER);
	tf_store_barrier();
	stored_len = try_compress(w, codec, payload, cap - TF_CHUNK_HEADER);
	compressed = stored_len != 0;
	if (!compressed) {
		stored_len = w->len;
		if (chunk_len(stored_len) > cap) {
			return -TF_ENOSPC;
		}
		tf_memcpy(payload, w->buf, stored_len);
	}
	put_padding(payload + stored_len, tf_padding_len(stored_len));
	fill_header(&h, chain, w, stored_len, compressed);
	h.payload_crc = tf_crc32c(0, payload, stored_len);
	h.crc = tf_crc32c(0, &h, offsetof(struct tf_chunk_header, crc));
	commit(dst, &h);
	advance(chain, &h);
	*len = chunk_len(stored_len);
	return 0;
}
