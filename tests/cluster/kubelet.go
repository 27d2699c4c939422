package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// A pod or node with this annotation has its healthy status with the JSON of
// the annotation laid over it (see overlay).
const annotation = "sim.detek/status"

// kubelets stands in for the kubelets of all nodes. It computes the status that
// an object should have and writes it if it differs, on every event and every
// ten seconds. There is no work queue: a write that lost a race is followed by
// another event, and the resync repeats what failed for another reason.
type kubelets struct {
	ctx    context.Context
	client kubernetes.Interface
	nodes  corelisters.NodeLister
	ips    map[string]types.UID // pod address -> pod; only the pod handler touches it
}

func startKubelets(ctx context.Context, client kubernetes.Interface) error {
	factory := informers.NewSharedInformerFactory(client, 10*time.Second)
	core := factory.Core().V1()
	k := &kubelets{ctx, client, core.Nodes().Lister(), map[string]types.UID{}}
	if _, err := core.Nodes().Informer().AddEventHandler(handler(k.node, nil)); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done()) // the pod handler reads nodes
	if _, err := core.Pods().Informer().AddEventHandler(handler(k.pod, k.gone)); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	go k.renewLeases()
	return nil
}

func handler[T metav1.Object](sync func(T) error, gone func(T)) cache.ResourceEventHandler {
	call := func(object T) {
		if err := sync(object); err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			log.Printf("%T %s/%s: %v", object, object.GetNamespace(), object.GetName(), err)
		}
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { call(object.(T)) },
		UpdateFunc: func(_, object any) { call(object.(T)) },
		DeleteFunc: func(object any) {
			if last, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = last.Obj
			}
			if object, ok := object.(T); ok && gone != nil {
				gone(object)
			}
		},
	}
}

// dead: somebody gave the node the condition Ready=Unknown. Then its kubelet
// does nothing at all, and its pods stay as they are, Terminating ones too.
func dead(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionUnknown && node.Annotations[annotation] != ""
	})
}

func (k *kubelets) renewLeases() {
	leases := k.client.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	for ; k.ctx.Err() == nil; time.Sleep(10 * time.Second) {
		nodes, _ := k.nodes.List(labels.Everything())
		for _, node := range nodes {
			if dead(node) {
				continue
			}
			seconds, now := int32(40), metav1.NowMicro()
			lease := &coordinationv1.Lease{
				ObjectMeta: metav1.ObjectMeta{Name: node.Name, OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID}}},
				Spec:       coordinationv1.LeaseSpec{HolderIdentity: &node.Name, LeaseDurationSeconds: &seconds, RenewTime: &now},
			}
			patch, _ := json.Marshal(map[string]any{"spec": lease.Spec}) // an update would need the version
			_, err := leases.Patch(k.ctx, node.Name, types.MergePatchType, patch, metav1.PatchOptions{})
			if apierrors.IsNotFound(err) {
				_, err = leases.Create(k.ctx, lease, metav1.CreateOptions{})
			}
			if err != nil && k.ctx.Err() == nil {
				log.Printf("lease of %s: %v", node.Name, err)
			}
		}
	}
}

func (k *kubelets) gone(pod *corev1.Pod) {
	if k.ips[pod.Status.PodIP] == pod.UID {
		delete(k.ips, pod.Status.PodIP)
	}
}

// address gives the pod a free address of its node's range.
func (k *kubelets) address(pod *corev1.Pod, node *corev1.Node) string {
	_, cidr, err := net.ParseCIDR(node.Spec.PodCIDR)
	if err != nil {
		return ""
	}
	for ip := cidr.IP.To4(); ip != nil && ip[3] < 254; {
		ip[3]++
		if owner, taken := k.ips[ip.String()]; !taken || owner == pod.UID {
			return ip.String()
		}
	}
	return ""
}

func (k *kubelets) pod(pod *corev1.Pod) error {
	node, err := k.nodes.Get(pod.Spec.NodeName)
	if err != nil || dead(node) { // not scheduled yet, or nobody there
		return nil
	}
	pods, override := k.client.CoreV1().Pods(pod.Namespace), pod.Annotations[annotation]
	if pod.DeletionTimestamp != nil {
		return pods.Delete(k.ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64), Preconditions: &metav1.Preconditions{UID: &pod.UID}})
	}
	finished := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	if finished && override == "" {
		return nil
	}
	status, named, err := decode(k.healthyPod(pod, node), override)
	if err != nil { // visible in the object, since nobody looks into logs
		status = *pod.Status.DeepCopy()
		status.Reason, status.Message = "BadStatusOverride", err.Error()
	}
	settle(&status, named, pod.Status)
	if equality.Semantic.DeepEqual(pod.Status, status) {
		return nil
	}
	changed := pod.DeepCopy()
	changed.Status = status
	_, err = pods.UpdateStatus(k.ctx, changed, metav1.UpdateOptions{})
	return err
}

// healthyPod is the status of a running pod, or of a finished one if a Job owns
// it and it has been running. Addresses, start time and conditions that others
// wrote are kept from the present status.
func (k *kubelets) healthyPod(pod *corev1.Pod, node *corev1.Node) corev1.PodStatus {
	status := *pod.Status.DeepCopy()
	ran := status.Phase == corev1.PodRunning
	status.Phase, status.Reason, status.Message = corev1.PodRunning, "", ""
	status.ContainerStatuses, status.InitContainerStatuses = nil, nil
	if status.StartTime == nil {
		now := metav1.Now().Rfc3339Copy()
		status.StartTime = &now
	}
	for _, a := range node.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			status.HostIP, status.HostIPs = a.Address, []corev1.HostIP{{IP: a.Address}}
		}
	}
	if pod.Spec.HostNetwork {
		status.PodIP = status.HostIP
	} else if status.PodIP == "" {
		status.PodIP = k.address(pod, node)
	}
	if status.PodIP != "" {
		status.PodIPs = []corev1.PodIP{{IP: status.PodIP}}
		k.ips[status.PodIP] = pod.UID
	}
	ready := corev1.ConditionTrue
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: *status.StartTime}}
	done := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: *status.StartTime, FinishedAt: *status.StartTime}}
	main := running
	if owner := metav1.GetControllerOf(pod); ran && pod.Annotations[annotation] == "" && owner != nil && owner.Kind == "Job" {
		status.Phase, main, ready = corev1.PodSucceeded, done, corev1.ConditionFalse
	}
	for _, c := range []corev1.PodCondition{
		{Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionTrue},
		{Type: corev1.PodInitialized, Status: corev1.ConditionTrue},
		{Type: corev1.ContainersReady, Status: ready},
		{Type: corev1.PodReady, Status: ready},
	} {
		status.Conditions = slices.DeleteFunc(status.Conditions, func(old corev1.PodCondition) bool { return old.Type == c.Type })
		status.Conditions = append(status.Conditions, c)
	}
	container := func(c corev1.Container, state corev1.ContainerState) corev1.ContainerStatus {
		up := state.Running != nil
		return corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, ImageID: c.Image, ContainerID: "sim://" + string(pod.UID) + "/" + c.Name,
			Ready: up, Started: &up, State: state,
		}
	}
	for _, c := range pod.Spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			status.InitContainerStatuses = append(status.InitContainerStatuses, container(c, running))
		} else {
			s := container(c, done)
			s.Ready = true
			status.InitContainerStatuses = append(status.InitContainerStatuses, s)
		}
	}
	for _, c := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, container(c, main))
	}
	return status
}

// settle draws the conclusions from an overridden status that its author need
// not write down: a container that does not run is not ready, neither is its
// pod, and a condition that did not change keeps its time.
func settle(status *corev1.PodStatus, named map[string]bool, before corev1.PodStatus) {
	var unready []string
	for i := range status.ContainerStatuses {
		c := &status.ContainerStatuses[i]
		if c.State.Running == nil {
			c.Ready, c.Started = false, new(bool)
		}
		if !c.Ready {
			unready = append(unready, c.Name)
		}
	}
	for i := range status.Conditions {
		c := &status.Conditions[i]
		if (c.Type == corev1.PodReady || c.Type == corev1.ContainersReady) && !named[string(c.Type)] && len(unready) > 0 {
			c.Status, c.Reason = corev1.ConditionFalse, "ContainersNotReady"
			c.Message = fmt.Sprintf("containers with unready status: [%s]", strings.Join(unready, " "))
			if status.Phase == corev1.PodSucceeded {
				c.Reason, c.Message = "PodCompleted", ""
			}
		}
		for _, old := range before.Conditions {
			if old.Type == c.Type && old.Status == c.Status {
				c.LastTransitionTime = old.LastTransitionTime
			}
		}
		if c.LastTransitionTime.IsZero() {
			c.LastTransitionTime = metav1.Now()
		}
	}
}
