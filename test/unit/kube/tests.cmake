foreach(name queue runner)
	neofleet_test(kube ${name})
endforeach()
