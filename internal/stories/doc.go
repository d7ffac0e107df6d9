// Package stories tells what people do with the provider on the command line, one story a file in
// testdata/script, and checks that it ends well. Each story runs the built provider under the real
// Terraform or OpenTofu, against a stand-in for GoTo of its own. Its configuration leaves out what every one has, see
// configuration_test.go.
//
// Promises about several walks, processes and runs are proven here and nowhere else: other tests
// keep the provider inside their own process, where memory alone would look like a cache.
package stories
