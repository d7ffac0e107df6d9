package provider

// logVariables are the variables that make Terraform and OpenTofu show the logs of a provider
// (https://developer.hashicorp.com/terraform/internals/debugging).
var logVariables = []string{"TF_LOG", "TF_LOG_PROVIDER"}

// levelVariables set the log levels of this provider and of the framework, which are TRACE by default.
var levelVariables = []string{"TF_LOG_PROVIDER_GOTO", "TF_LOG_SDK"}

// SilenceLogs turns off logging by setting environment variables, unless the environment asks for logs. By default, the
// framework writes several KiB of trace for every opening, and the CLI parses each line and discards it. With many
// blocks, this takes half the time of an apply. The error is from setenv.
func SilenceLogs(getenv func(string) string, setenv func(name, value string) error) error {
	for _, name := range logVariables {
		if getenv(name) != "" {
			return nil
		}
	}
	for _, name := range levelVariables {
		if getenv(name) != "" {
			continue
		}
		if err := setenv(name, "OFF"); err != nil {
			return err
		}
	}
	return nil
}
