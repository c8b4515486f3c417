module neofleet/test/fleet

go 1.22
