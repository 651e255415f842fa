/* SPDX-License-Identifier: MIT */
/*
 * Errors of event channel operations: ports that do not exist, are closed or
 * out of range; VIRQs and vCPUs out of range, bound twice, or of the wrong
 * kind; unknown sub-operations; and unreadable arguments.
 *
 * ABI: event_channel.h.
 */
#include <guest/event.h>
#include <guest/test.h>

static long bind_vcpu(evtchn_port_t port, unsigned int vcpu)
{
	struct evtchn_bind_vcpu op = {.port = port, .vcpu = vcpu};

	return hc_event_channel_op(EVTCHNOP_bind_vcpu, &op);
}

static void ports(void)
{
	struct evtchn_status st;

	check_rc(port_send(0), -EINVAL, "send to port 0");
	check_rc(port_send(200), -EINVAL, "send to a closed port");
	check_rc(port_send(1U << 20), -EINVAL, "send out of range");
	check_rc(port_close(0), -EINVAL, "close port 0");
	check_rc(port_close(200), -EINVAL, "close a closed port");
	check_rc(port_close(~0U), -EINVAL, "close out of range");
	check_rc(port_unmask(~0U), -EINVAL, "unmask out of range");
	check_rc(port_status(1U << 20, &st), -EINVAL, "status out of range");
	check_rc(port_status(0, &st), 0, "status of port 0");
	check_eq(st.status, EVTCHNSTAT_closed, "port 0");
	check_rc(bind_vcpu(200, 0), -EINVAL, "bind_vcpu of a closed port");
}

static void virqs(void)
{
	long port = port_bind_virq(VIRQ_DEBUG, 0);

	check(port > 0, "bind_virq: %ld", port);
	check_rc(port_bind_virq(VIRQ_DEBUG, 0), -EEXIST, "bound twice");
	check_rc(port_bind_virq(NR_VIRQS, 0), -EINVAL, "VIRQ out of range");
	check_rc(port_bind_virq(~0U, 0), -EINVAL, "VIRQ far out of range");
	check_rc(port_bind_virq(VIRQ_TIMER, 77), -ENOENT, "no such vCPU");
	check_rc(port_bind_ipi(77), -ENOENT, "IPI to no such vCPU");
	check_rc(port_send((evtchn_port_t)port), -EINVAL, "send to a VIRQ");
	check_rc(bind_vcpu((evtchn_port_t)port, 0), -EINVAL,
	         "bind_vcpu of a per-vCPU VIRQ");
	check_rc(port_close((evtchn_port_t)port), 0, "close");
	port = port_bind_virq(VIRQ_DEBUG, 0);
	check(port > 0, "bound again after close: %ld", port);
	port_close((evtchn_port_t)port);
}

static void vcpus(void)
{
	long ipi = port_bind_ipi(0), a = port_alloc_unbound(DOMID_SELF, 0);

	check_rc(bind_vcpu((evtchn_port_t)ipi, 0), -EINVAL, "IPIs stay");
	check_rc(bind_vcpu((evtchn_port_t)a, 0), 0, "unbound ports move");
	check_rc(bind_vcpu((evtchn_port_t)a, 9), -ENOENT, "to no vCPU");
	port_close((evtchn_port_t)ipi);
	port_close((evtchn_port_t)a);
}

GUEST_TEST(evtchn_errors)
{
	ports();
	virqs();
	vcpus();
	check_rc(hc_event_channel_op(77, NULL), -ENOSYS, "unknown operation");
	check_rc(hc_event_channel_op(EVTCHNOP_send, (void *)8), -EFAULT,
	         "unreadable argument");
	check_rc(hc_event_channel_op(EVTCHNOP_send, (void *)M2P_BASE), -EFAULT,
	         "argument in the hypervisor's range");
}
