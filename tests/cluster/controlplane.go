package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

type cluster struct {
	options
	server   string
	children []*exec.Cmd // in order of start; etcd is the first
	waits    []chan struct{}
	exits    chan string
}

// start brings everything up. Children and kubelets live as long as ctx;
// waiting ends with startCtx.
func (c *cluster) start(ctx, startCtx context.Context) error {
	for _, old := range []string{"etcd", "pki", "ready", "audit.log"} {
		if err := os.RemoveAll(filepath.Join(c.dir, old)); err != nil {
			return err
		}
	}
	pki := filepath.Join(c.dir, "pki")
	if err := os.Mkdir(pki, 0o700); err != nil {
		return err
	}
	port, err := freePorts(3)
	if err != nil {
		return err
	}
	c.server = "https://127.0.0.1:" + port[0]
	etcd, peer := "https://127.0.0.1:"+port[1], "https://127.0.0.1:"+port[2]
	if err := c.files(pki); err != nil {
		return err
	}
	in := func(name string) string { return filepath.Join(c.dir, name) }

	c.child("etcd", "--data-dir="+in("etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls="+etcd, "--advertise-client-urls="+etcd,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=default="+peer,
		"--client-cert-auth", "--trusted-ca-file="+in("pki/ca.crt"), "--cert-file="+in("pki/etcd.crt"), "--key-file="+in("pki/etcd.key"),
		"--peer-client-cert-auth", "--peer-trusted-ca-file="+in("pki/ca.crt"), "--peer-cert-file="+in("pki/etcd.crt"), "--peer-key-file="+in("pki/etcd.key"))
	api := []string{"--bind-address=127.0.0.1", "--secure-port=" + port[0],
		// An address must be advertised that is not loopback, or the Endpoints of
		// the service "kubernetes" are refused. Nobody connects to this one.
		"--advertise-address=192.0.2.1",
		"--tls-cert-file=" + in("pki/apiserver.crt"), "--tls-private-key-file=" + in("pki/apiserver.key"),
		"--etcd-servers=" + etcd, "--etcd-cafile=" + in("pki/ca.crt"), "--etcd-certfile=" + in("pki/etcd.crt"), "--etcd-keyfile=" + in("pki/etcd.key"),
		"--client-ca-file=" + in("pki/ca.crt"), "--token-auth-file=" + in("tokens.csv"),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + in("pki/serviceaccount.crt"), "--service-account-signing-key-file=" + in("pki/serviceaccount.key"),
		"--requestheader-client-ca-file=" + in("pki/front-ca.crt"), "--requestheader-allowed-names=front-proxy",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + in("pki/front-proxy.crt"), "--proxy-client-key-file=" + in("pki/front-proxy.key")}
	if c.audit {
		api = append(api, "--audit-policy-file="+in("audit-policy.yaml"), "--audit-log-path="+in("audit.log"))
	}
	c.child("kube-apiserver", api...)

	config, err := clientcmd.BuildConfigFromFlags("", in("kubeconfig"))
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 1000, 1000
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	err = c.wait(startCtx, "the API server", func() error {
		return client.RESTClient().Get().AbsPath("/readyz").Do(startCtx).Error()
	})
	if err != nil {
		return err
	}

	// Nobody scrapes the controller manager and the scheduler: no port for them.
	c.child("kube-controller-manager", "--kubeconfig="+in("pki/controller-manager.kubeconfig"), "--secure-port=0", "--leader-elect=false",
		"--use-service-account-credentials", "--service-account-private-key-file="+in("pki/serviceaccount.key"), "--root-ca-file="+in("pki/ca.crt"),
		"--cluster-signing-cert-file="+in("pki/ca.crt"), "--cluster-signing-key-file="+in("pki/ca.key"),
		"--kube-api-qps=500", "--kube-api-burst=1000", "--horizontal-pod-autoscaler-sync-period=5s")
	c.child("kube-scheduler", "--config="+in("scheduler.yaml"), "--secure-port=0")
	if err := createNodes(startCtx, client, c.nodes); err != nil {
		return err
	}
	if err := startKubelets(ctx, client); err != nil {
		return err
	}
	err = c.wait(startCtx, "the nodes", func() error { return nodesReady(startCtx, client, c.nodes) })
	if err != nil {
		return err
	}
	return c.wait(startCtx, "the default service account", func() error { // without it no pod can be made
		_, err := client.CoreV1().ServiceAccounts("default").Get(startCtx, "default", metav1.GetOptions{})
		return err
	})
}

// child starts a sub-command of this binary. It must run on the main goroutine.
func (c *cluster) child(name string, args ...string) {
	done := make(chan struct{})
	cmd := exec.Command("/proc/self/exe", append(append([]string{name}, args...), c.extra[name]...)...)
	cmd.Args[0] = "cluster"
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "HOME="+c.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := os.Create(filepath.Join(c.dir, "logs", name+".log"))
	if err == nil {
		defer out.Close()
		cmd.Stdout, cmd.Stderr = out, out
		err = cmd.Start()
	}
	if err != nil {
		log.Printf("%s: %v", name, err)
		c.exits <- name
		return
	}
	if err := writeFile(c.dir, name+".pid", strconv.Itoa(cmd.Process.Pid)+"\n"); err != nil {
		log.Printf("%s: %v", name, err)
	}
	c.children, c.waits = append(c.children, cmd), append(c.waits, done)
	go func() {
		_ = cmd.Wait()
		close(done)
		c.exits <- name
	}()
}

// stop ends all but etcd first, so that they can still write their last words.
func (c *cluster) stop() {
	for i := len(c.children) - 1; i > 0; i-- {
		_ = c.children[i].Process.Signal(syscall.SIGTERM)
	}
	limit := time.After(5 * time.Second)
	for i := len(c.children) - 1; i >= 0; i-- {
		if i > 0 {
			select {
			case <-c.waits[i]:
			case <-limit:
				limit = time.After(0)
			}
		}
		_ = c.children[i].Process.Kill()
		<-c.waits[i]
	}
}

// wait repeats check until it succeeds, a child ends or time is up.
func (c *cluster) wait(ctx context.Context, what string, check func() error) error {
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case name := <-c.exits:
			return fmt.Errorf("%s ended, see logs/%s.log", name, name)
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// freePorts asks the kernel for ports. Another process may take one before
// our child does; then the child ends and start reports it.
func freePorts(n int) (ports []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all at the end, so that they differ
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
	}
	return ports, nil
}
