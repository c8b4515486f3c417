foreach(name arena buf clock err log)
	neofleet_test(base ${name})
endforeach()
