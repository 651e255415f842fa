/* SPDX-License-Identifier: MIT */
/*
 * LZ4's legacy frames, as the cloud kernel uses them: a magic number, then
 * blocks, each behind its packed size in 4 bytes, to the end of the input
 * (LZ4 Frame Format Description, "Legacy frame"). liblz4 unpacks the blocks.
 */
#include <lz4.h>

#include <hv/lib.h>
#include <hv/unpack.h>
#include <hv/userlib.h>

#define LEGACY_MAGIC   0x184c2102U
#define BLOCK_UNPACKED (8U << 20)

static u32 read_le32(const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static enum unpack_result unpack_block(const u8 *in, u32 in_size, u8 *out,
                                       size_t room, size_t *written)
{
	u64 fs_base = userlib_enter();
	int n = LZ4_decompress_safe((const char *)in, (char *)out, (int)in_size,
	                            (int)MIN(room, (size_t)BLOCK_UNPACKED));

	userlib_leave(fs_base);
	if (n < 0) {
		return UNPACK_CORRUPT;
	}
	*written += (size_t)n;
	return UNPACK_OK;
}

enum unpack_result unpack_lz4(const u8 *in, size_t in_size, u8 *out,
                              size_t out_size, size_t *written)
{
	size_t pos = 0;

	*written = 0;
	while (pos < in_size) {
		enum unpack_result r;
		u32 size;

		if (in_size - pos < 4) {
			return UNPACK_TRUNCATED;
		}
		size = read_le32(in + pos);
		pos += 4;
		if (size == LEGACY_MAGIC) { /* a frame may follow a frame */
			continue;
		}
		if (size > (u32)LZ4_COMPRESSBOUND(BLOCK_UNPACKED)) {
			return UNPACK_CORRUPT;
		}
		if (size > in_size - pos) {
			return UNPACK_TRUNCATED;
		}
		if (*written == out_size) {
			return UNPACK_TOO_BIG;
		}
		r = unpack_block(in + pos, size, out + *written,
		                 out_size - *written, written);
		if (r != UNPACK_OK) {
			return r;
		}
		pos += size;
	}
	return UNPACK_OK;
}
