package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

func (k *kubelets) node(node *corev1.Node) error {
	base := *node.Status.DeepCopy()
	base.Allocatable = base.Capacity
	base.Conditions = []corev1.NodeCondition{
		{Type: corev1.NodeMemoryPressure, Status: corev1.ConditionFalse, Reason: "KubeletHasSufficientMemory", Message: "kubelet has sufficient memory available"},
		{Type: corev1.NodeDiskPressure, Status: corev1.ConditionFalse, Reason: "KubeletHasNoDiskPressure", Message: "kubelet has no disk pressure"},
		{Type: corev1.NodePIDPressure, Status: corev1.ConditionFalse, Reason: "KubeletHasSufficientPID", Message: "kubelet has sufficient PID available"},
		{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", Message: "kubelet is posting ready status"},
	}
	status, _, err := decode(base, node.Annotations[annotation])
	if err != nil {
		return err
	}
	silent := slices.ContainsFunc(status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionUnknown
	})
	now := metav1.Now()
	for i := range status.Conditions {
		c := &status.Conditions[i]
		if silent { // exactly what the node lifecycle controller writes, or the two would fight
			c.Status, c.Reason, c.Message = corev1.ConditionUnknown, "NodeStatusUnknown", "Kubelet stopped posting node status."
		}
		c.LastTransitionTime, c.LastHeartbeatTime = now, now
		for _, old := range node.Status.Conditions {
			if old.Type == c.Type && old.Status == c.Status {
				c.LastTransitionTime = old.LastTransitionTime
				if silent || now.Sub(old.LastHeartbeatTime.Time) < 5*time.Minute {
					c.LastHeartbeatTime = old.LastHeartbeatTime
				}
			}
		}
	}
	if equality.Semantic.DeepEqual(node.Status, status) {
		return nil
	}
	changed := node.DeepCopy()
	changed.Status = status
	_, err = k.client.CoreV1().Nodes().UpdateStatus(k.ctx, changed, metav1.UpdateOptions{})
	return err
}

// createNodes registers sim-000, sim-001 ... in three zones.
func createNodes(ctx context.Context, client kubernetes.Interface, n int) error {
	for i := range n {
		name, zone := fmt.Sprintf("sim-%03d", i), fmt.Sprintf("zone-%c", 'a'+i%3)
		cidr := fmt.Sprintf("10.%d.%d.0/24", 128+i/256, i%256)
		node := &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
				corev1.LabelHostname: name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
				corev1.LabelTopologyRegion: "region-1", corev1.LabelTopologyZone: zone, corev1.LabelInstanceTypeStable: "sim.large",
			}},
			Spec: corev1.NodeSpec{PodCIDR: cidr, PodCIDRs: []string{cidr}, ProviderID: "sim://" + zone + "/" + name},
			Status: corev1.NodeStatus{
				Capacity: corev1.ResourceList{
					corev1.ResourceCPU:              resource.MustParse("16"),
					corev1.ResourceMemory:           resource.MustParse("64Gi"),
					corev1.ResourceEphemeralStorage: resource.MustParse("200Gi"),
					corev1.ResourcePods:             resource.MustParse("110"),
				},
				Addresses: []corev1.NodeAddress{
					{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("172.16.%d.%d", i/250, i%250+1)},
					{Type: corev1.NodeHostName, Address: name},
				},
				NodeInfo: corev1.NodeSystemInfo{
					MachineID: name, SystemUUID: name, BootID: name, KernelVersion: "6.1.0", OSImage: "Simulated Linux",
					ContainerRuntimeVersion: "sim://1.0.0", KubeletVersion: "v1.34.1", OperatingSystem: "linux", Architecture: "amd64",
				},
			},
		}
		if _, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// nodesReady looks at the taints too: the scheduler does, and they go last.
func nodesReady(ctx context.Context, client kubernetes.Interface, want int) error {
	list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	ready := 0
	for _, node := range list.Items {
		for _, c := range node.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue && len(node.Spec.Taints) == 0 {
				ready++
			}
		}
	}
	if ready < want {
		return fmt.Errorf("%d of %d are ready", ready, want)
	}
	return nil
}
