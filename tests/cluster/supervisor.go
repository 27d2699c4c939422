package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// startLimit is generous: a loaded machine may need a minute, a broken one never ends.
const startLimit = 3 * time.Minute

// The main goroutine keeps the main thread: the kernel kills our children when
// the thread that started them ends (Pdeathsig), so it must not end early.
func init() { runtime.LockOSThread() }

type options struct {
	dir   string
	nodes int
	audit bool
	stdin bool
	extra map[string][]string // component -> flags
}

func parse(args []string) (o options, err error) {
	o = options{nodes: 3, extra: map[string][]string{}}
	f := flag.NewFlagSet("up", flag.ExitOnError)
	f.BoolVar(&o.audit, "audit", false, "write every request to DIR/audit.log (metadata level)")
	f.BoolVar(&o.stdin, "stdin", false, "run: stop when standard input ends")
	f.Func("x", "COMPONENT=--FLAG=VALUE, one more flag for a component; repeatable", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("want COMPONENT=--FLAG=VALUE")
		}
		o.extra[name] = append(o.extra[name], value)
		return nil
	})
	_ = f.Parse(args)
	if f.NArg() < 1 || f.NArg() > 2 {
		return o, errors.New("want DIR [NODES]")
	}
	if f.NArg() == 2 {
		if o.nodes, err = strconv.Atoi(f.Arg(1)); err != nil || o.nodes < 0 {
			return o, fmt.Errorf("not a number of nodes: %q", f.Arg(1))
		}
	}
	o.dir, err = filepath.Abs(f.Arg(0))
	return o, err
}

// up starts `run` in its own session and waits until it says it is ready.
func up(args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(o.dir, "logs"), 0o700); err != nil {
		return err
	}
	if locked(o.dir) {
		return fmt.Errorf("a cluster is running in %s", o.dir)
	}
	_ = os.Remove(filepath.Join(o.dir, "ready"))
	logPath := filepath.Join(o.dir, "logs", "run.log")
	out, err := os.Create(logPath)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, append([]string{"run"}, args...)...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	died := make(chan error, 1)
	go func() { died <- cmd.Wait() }()
	for {
		select {
		case <-died:
			text, _ := os.ReadFile(logPath)
			return fmt.Errorf("did not start:\n%s", text)
		case <-time.After(20 * time.Millisecond):
			if text, err := os.ReadFile(filepath.Join(o.dir, "ready")); err == nil {
				fmt.Print(string(text))
				return nil
			}
		}
	}
}

// down asks the supervisor to stop, and kills it if it does not: its children
// die with it. The lock tells the truth about whether it lives; the pid file
// alone would not.
func down(args []string) error {
	if len(args) != 1 {
		return errors.New("want DIR")
	}
	text, err := os.ReadFile(filepath.Join(args[0], "pid"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if !locked(args[0]) {
				return nil
			}
			if sig != 0 {
				_ = syscall.Kill(pid, sig)
				sig = 0
			}
		}
	}
	return fmt.Errorf("process %d does not stop", pid)
}

func locked(dir string) bool {
	f, err := lock(dir)
	if err == nil {
		f.Close()
	}
	return err != nil && !errors.Is(err, os.ErrNotExist)
}

// lock holds until the file is closed or the process ends, however it ends.
func lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s is in use: %w", dir, err)
	}
	return f, nil
}

// run is the supervisor.
func run(args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(o.dir, "logs"), 0o700); err != nil {
		return err
	}
	held, err := lock(o.dir)
	if err != nil {
		return err
	}
	defer held.Close()
	if err := os.WriteFile(filepath.Join(o.dir, "pid"), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if o.stdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	c := &cluster{options: o, exits: make(chan string, 8)}
	defer c.stop()
	begin := time.Now()
	startCtx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := c.start(ctx, startCtx); err != nil {
		return err
	}
	ready := fmt.Sprintf("%s\nkubeconfig %s/kubeconfig\nready after %.1fs\n", c.server, o.dir, time.Since(begin).Seconds())
	fmt.Print(ready)
	if err := writeFile(o.dir, "ready", ready); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case name := <-c.exits:
		return fmt.Errorf("%s ended, see logs/%s.log", name, name)
	}
}
