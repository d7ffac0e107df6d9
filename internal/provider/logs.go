package provider

// Terraform and OpenTofu show the logs of a provider only if one of these asks for them
// (https://developer.hashicorp.com/terraform/internals/debugging).
var askForLogs = []string{"TF_LOG", "TF_LOG_PROVIDER"}

// The log levels of this provider and of the framework, which are TRACE if unset.
var logLevels = []string{"TF_LOG_PROVIDER_GOTO", "TF_LOG_SDK"}

// SilenceLogs turns off logging in the process whose environment getenv and setenv reach, unless that environment asks
// for it. By default, the framework writes several KiB of trace for every opening, and the CLI parses each line only to
// discard it: with many blocks that takes half the time of an apply. The error is that of setenv.
func SilenceLogs(getenv func(string) string, setenv func(name, value string) error) error {
	for _, name := range askForLogs {
		if getenv(name) != "" {
			return nil
		}
	}
	for _, name := range logLevels {
		if getenv(name) != "" {
			continue
		}
		if err := setenv(name, "OFF"); err != nil {
			return err
		}
	}
	return nil
}
