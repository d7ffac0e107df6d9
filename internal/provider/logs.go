package provider

// Terraform and OpenTofu show what a provider logs only where one of these asks for it
// (https://developer.hashicorp.com/terraform/internals/debugging).
var askForLogs = []string{"TF_LOG", "TF_LOG_PROVIDER"}

// The levels of what this provider and what the framework logs; TRACE where they are not set.
var logLevels = []string{"TF_LOG_PROVIDER_GOTO", "TF_LOG_SDK"}

// SilenceLogs turns off logging in the process whose environment getenv and setenv reach, unless that
// environment asks for it. Left alone, the framework writes several KiB of trace for every opening, and
// the command line parses each line to throw it away: with many blocks that is half of an apply's time.
// Its errors are those of setenv.
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
