module neofleet.test/faultproxy

go 1.26
