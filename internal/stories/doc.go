// Package stories tests what people do with the provider on the command line, with one story per file in
// testdata/script. Each story runs the built provider under the real Terraform or OpenTofu, against its own stand-in
// for GoTo. configuration_test.go adds the declarations that every configuration needs.
//
// Only stories can prove promises about several plans, applies and processes. Other tests run the provider in their own
// process, where memory alone would look like a cache.
package stories
