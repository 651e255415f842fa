/* SPDX-License-Identifier: MIT */
/*
 * Where each chunk is, over an array of the caller's. The index holds nothing
 * that a scan would not find again, so it is never trusted and never stored.
 */
#include "priv.h"

int tf_index_add(struct tf_index *index, const struct tf_chunk *chunk)
{
	const struct tf_chunk_header *h = &chunk->header;

	if (index->nr >= index->cap) {
		return -TF_ENOSPC;
	}
	index->entry[index->nr++] = (struct tf_index_entry){
		.offset = chunk->offset,
		.chunk_no = h->chunk_no,
		.first_entry = h->first_entry,
		.last_entry = h->last_entry,
		.first_record = h->first_record,
		.nr_records = h->nr_records,
		.stream = h->stream,
	};
	return 0;
}

const struct tf_index_entry *tf_index_find(const struct tf_index *index,
                                           enum tf_stream stream,
                                           uint64_t entry)
{
	size_t i;

	for (i = 0; i < index->nr; i++) {
		const struct tf_index_entry *e = &index->entry[i];

		if (e->stream == stream && e->last_entry >= entry) {
			return e;
		}
	}
	return NULL;
}

const struct tf_index_entry *tf_index_record(const struct tf_index *index,
                                             enum tf_stream stream,
                                             uint64_t record)
{
	size_t i;

	for (i = 0; i < index->nr; i++) {
		const struct tf_index_entry *e = &index->entry[i];

		if (e->stream == stream && record >= e->first_record &&
		    record - e->first_record < e->nr_records) {
			return e;
		}
	}
	return NULL;
}
