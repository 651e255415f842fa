/* SPDX-License-Identifier: MIT */
/*
 * Boot options: words separated by spaces, "name" or "name=value".
 */
#include <hv/boot.h>
#include <hv/lib.h>

struct boot_info boot_info;

const char *boot_option(const char *name, char *buf, size_t size)
{
	const char *p = boot_info.cmdline;
	size_t n = strlen(name);

	while (*p != '\0') {
		size_t len = 0;

		while (*p == ' ') {
			p++;
		}
		while (p[len] != '\0' && p[len] != ' ') {
			len++;
		}
		if (len >= n && strncmp(p, name, n) == 0 &&
		    (len == n || p[n] == '=')) {
			size_t skip = len == n ? n : n + 1;

			strlcpy(buf, p + skip, MIN(size, len - skip + 1));
			return buf;
		}
		p += len;
	}
	return NULL;
}

static bool parse_size(const char *s, u64 *out)
{
	u64 v = 0;
	unsigned int shift = 0;

	if (*s < '0' || *s > '9') {
		return false;
	}
	for (; *s >= '0' && *s <= '9'; s++) {
		if (v > (1UL << 50)) {
			return false;
		}
		v = v * 10 + (u64)(*s - '0');
	}
	switch (*s | 0x20) {
	case 'k':
		shift = 10;
		break;
	case 'm':
		shift = 20;
		break;
	case 'g':
		shift = 30;
		break;
	default:
		*out = v;
		return *s == '\0';
	}
	*out = v << shift;
	return s[1] == '\0' && (*out >> shift) == v;
}

u64 boot_option_size(const char *name, u64 fallback)
{
	char buf[32];
	u64 v;

	if (boot_option(name, buf, sizeof(buf)) == NULL) {
		return fallback;
	}
	if (!parse_size(buf, &v)) {
		log_warn("option %s=%s is not a size like 512M: using %lu MiB",
		         name, buf, fallback >> 20);
		return fallback;
	}
	return v;
}
