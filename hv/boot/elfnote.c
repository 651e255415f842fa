/* SPDX-License-Identifier: MIT */
/*
 * What a PV kernel says about itself in ELF notes (Xen's elfnote.h), and the
 * checks that it is one.
 */
#include <hv/errno.h>
#include <xen/elfnote.h>
#include <xen/features.h>

#include <hv/elf.h>
#include <hv/lib.h>

struct note_header {
	u32 name_size, desc_size, type;
};

/* Numbers come in 4 or 8 bytes; anything else counts as 0. */
static u64 note_number(const u8 *desc, u32 size)
{
	u64 v = 0;

	if (size == 4 || size == 8) {
		memcpy(&v, desc, size);
	}
	return v;
}

static void note_string(char *dst, size_t dst_size, const u8 *desc, u32 size)
{
	size_t n = MIN((size_t)size, dst_size - 1);

	memcpy(dst, desc, n);
	dst[n] = '\0';
}

static void take_note(struct xen_notes *n, u32 type, const u8 *desc, u32 size)
{
	n->found = true;
	switch (type) {
	case XEN_ELFNOTE_ENTRY:
		n->entry = note_number(desc, size);
		break;
	case XEN_ELFNOTE_HYPERCALL_PAGE:
		n->hypercall_page = note_number(desc, size);
		n->has_hypercall_page = true;
		break;
	case XEN_ELFNOTE_VIRT_BASE:
		n->virt_base = note_number(desc, size);
		break;
	case XEN_ELFNOTE_PADDR_OFFSET:
		n->paddr_offset = note_number(desc, size);
		break;
	case XEN_ELFNOTE_XEN_VERSION:
		note_string(n->xen_version, sizeof(n->xen_version), desc, size);
		break;
	case XEN_ELFNOTE_GUEST_OS:
		note_string(n->guest_os, sizeof(n->guest_os), desc, size);
		break;
	case XEN_ELFNOTE_LOADER:
		note_string(n->loader, sizeof(n->loader), desc, size);
		break;
	case XEN_ELFNOTE_INIT_P2M:
		n->init_p2m = note_number(desc, size);
		n->has_init_p2m = true;
		break;
	case XEN_ELFNOTE_MOD_START_PFN:
		n->mod_start_pfn = note_number(desc, size) != 0;
		break;
	case XEN_ELFNOTE_SUPPORTED_FEATURES:
		n->supported_features = (u32)note_number(desc, size);
		n->has_supported_features = true;
		break;
	default: /* notes for other loaders and tools */
		break;
	}
}

/* Takes the notes in @size bytes at @p. False when they overrun them. */
static bool read_area(struct xen_notes *n, const u8 *p, size_t size,
                      size_t align)
{
	while (size >= sizeof(struct note_header)) {
		struct note_header h;
		u64 desc, next;

		memcpy(&h, p, sizeof(h));
		desc = ROUND_UP(sizeof(h) + h.name_size, align);
		next = ROUND_UP(desc + h.desc_size, align);
		if (desc + h.desc_size > size) {
			return false;
		}
		if (h.name_size == 4 && memcmp(p + sizeof(h), "Xen", 4) == 0) {
			take_note(n, h.type, p + desc, h.desc_size);
		}
		if (next >= size) {
			break;
		}
		p += next;
		size -= next;
	}
	return true;
}

static int read_notes(const struct elf_image *e, struct xen_notes *n)
{
	const u8 *area;
	size_t size, align;

	for (unsigned int i = 0; (area = elf_note_area(e, i, &size, &align));
	     i++) {
		if (i >= e->phnum && n->found) {
			break; /* sections repeat what the segments said */
		}
		if (!read_area(n, area, size, align)) {
			log_warn(
				"kernel: an ELF note runs beyond its area: the file is damaged, copy it again");
			return -XEN_EINVAL;
		}
	}
	return 0;
}

static int check_notes(const struct xen_notes *n, bool initial)
{
	if (!n->found) {
		log_warn(
			"kernel: it has no Xen notes, so it is not built for Xen PV: give one that is (Linux: CONFIG_XEN_PV)");
		return -XEN_EINVAL;
	}
	if (strncmp(n->xen_version, "xen-3.0", 7) != 0 ||
	    strncmp(n->loader, "generic", 7) != 0) {
		log_warn(
			"kernel: its Xen notes name version \"%s\" and loader \"%s\", not \"xen-3.0\" and \"generic\": give a kernel built for Xen PV (Linux: CONFIG_XEN_PV)",
			n->xen_version, n->loader);
		return -XEN_EINVAL;
	}
	if (initial && n->has_supported_features &&
	    !(n->supported_features & 1U << XENFEAT_dom0)) {
		log_warn(
			"kernel: it cannot be the control domain (CONFIG_XEN_DOM0 is off in it): give another, or boot with `dom0less`");
		return -XEN_EINVAL;
	}
	return 0;
}

int elf_xen_notes(const struct elf_image *e, bool initial, struct xen_notes *n)
{
	int r;

	*n = (struct xen_notes){.entry = e->entry};
	r = read_notes(e, n);
	return r ? r : check_notes(n, initial);
}
