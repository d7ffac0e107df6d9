// Package stories tests what people do with the provider on the command line, with one story per file in
// testdata/script. Each story runs the built provider under the real Terraform or OpenTofu, against its own stand-in
// for GoTo. configuration_test.go adds what every configuration
// needs.
//
// Only stories can prove promises about several plans, applies and processes: other tests keep the provider inside
// their own process, where memory alone would look like a cache.
package stories
