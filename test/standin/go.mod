module neofleet/test/standin

go 1.24
