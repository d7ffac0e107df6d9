// Command stub replaces the other providers that examples/ uses. The name of the executable selects the provider. Each
// stub has only the arguments that the examples use, with the same types as in the real provider.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

// stubs maps the names of the providers to their constructors.
var stubs = map[string]func() provider.Provider{
	"aws":        newAWS,
	"kubernetes": newKubernetes,
	"restapi":    newRestapi,
	"restful":    newRestful,
	"vault":      newVault,
}

func main() {
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), "terraform-provider-")
	if err := serve(name); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(name string) error {
	construct, known := stubs[name]
	if !known {
		return fmt.Errorf("there is no stub for provider %q", name)
	}
	return providerserver.Serve(context.Background(), construct, providerserver.ServeOpts{
		Address: "registry.terraform.io/stub/" + name,
	})
}
