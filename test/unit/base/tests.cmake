foreach(name arena base64 buf clock err log)
	neofleet_test(base ${name})
endforeach()
