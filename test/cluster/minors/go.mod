// The versions of Kubernetes stand beside it, one a file (pin).
module neofleet.test/cluster/minors

go 1.26.0
