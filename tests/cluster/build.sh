#!/bin/sh
# Builds ./cluster: a static binary of about 130 MB. The first build compiles
# about 2700 packages; later ones only link.
#
# CGO_ENABLED and -trimpath are part of every key of Go's build cache: another
# value of either compiles all of Kubernetes again. GO_BUILD_JOBS limits the
# compilers that run at once (default: one per processor).
set -eu
cd "$(dirname "$0")"
version=v1.34.1
flags="-X k8s.io/component-base/version.gitVersion=$version
	-X k8s.io/component-base/version.gitMajor=1
	-X k8s.io/component-base/version.gitMinor=34
	-X k8s.io/client-go/pkg/version.gitVersion=$version"
CGO_ENABLED=0 exec go build -trimpath ${GO_BUILD_JOBS:+-p "$GO_BUILD_JOBS"} -ldflags "-s -w $flags" -o cluster .
