package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// files writes certificates, kubeconfigs, tokens and the small configurations.
func (c *cluster) files(pki string) error {
	ca, err := newAuthority(pki, "ca")
	if err != nil {
		return err
	}
	front, err := newAuthority(pki, "front-ca")
	if err != nil {
		return err
	}
	err = errors.Join(
		ca.issue("etcd", "etcd"),
		ca.issue("apiserver", "kube-apiserver"),
		ca.issue("serviceaccount", "serviceaccount"), // signs tokens
		front.issue("front-proxy", "front-proxy"),
		ca.issue("admin", "admin", "system:masters"),
		ca.issue("controller-manager", "system:kube-controller-manager"),
		ca.issue("scheduler", "system:kube-scheduler"),
		c.kubeconfig("kubeconfig", "admin"),
		c.kubeconfig("pki/controller-manager.kubeconfig", "controller-manager"),
		c.kubeconfig("pki/scheduler.kubeconfig", "scheduler"),
	)
	if err != nil {
		return err
	}
	admin, nobody := rand.Text(), rand.Text()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return errors.Join(
		writeFile(c.dir, "tokens.csv", fmt.Sprintf("%s,token-admin,1,system:masters\n%s,nobody,2\n", admin, nobody)),
		writeFile(c.dir, "env", fmt.Sprintf("KUBECONFIG=%s/kubeconfig\nK8S_SERVER=%s\nK8S_CA=%s/pki/ca.crt\nK8S_ADMIN_TOKEN=%s\nK8S_NOBODY_TOKEN=%s\n",
			c.dir, c.server, c.dir, admin, nobody)),
		writeFile(c.dir, "scheduler.yaml", fmt.Sprintf(`apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
leaderElection: {leaderElect: false}
clientConnection: {kubeconfig: %q, qps: 500, burst: 1000}
`, pki+"/scheduler.kubeconfig")),
		writeFile(c.dir, "audit-policy.yaml", `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
`),
		writeFile(c.dir, "kubectl", fmt.Sprintf("#!/bin/sh\nexec '%s' kubectl --kubeconfig '%s/kubeconfig' \"$@\"\n", self, c.dir)),
		os.Chmod(filepath.Join(c.dir, "kubectl"), 0o700),
	)
}

func (c *cluster) kubeconfig(name, user string) error {
	data := func(file string) string {
		text, _ := os.ReadFile(filepath.Join(c.dir, "pki", file))
		return base64.StdEncoding.EncodeToString(text)
	}
	return writeFile(c.dir, name, fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: sim
contexts: [{name: sim, context: {cluster: sim, user: %s}}]
clusters: [{name: sim, cluster: {server: %q, certificate-authority-data: %s}}]
users: [{name: %s, user: {client-certificate-data: %s, client-key-data: %s}}]
`, user, c.server, data("ca.crt"), user, data(user+".crt"), data(user+".key")))
}

func writeFile(dir, name, text string) error {
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path) // "ready" must never be seen half written
}
