// Command stub replaces the other providers that examples/ uses. The name of its executable says which one it is. Each
// has only the arguments that the examples use, with the types of the real ones.
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

// stubs are the constructors by the names of the providers.
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
		return fmt.Errorf("no provider %q is played", name)
	}
	return providerserver.Serve(context.Background(), construct, providerserver.ServeOpts{
		Address: "registry.terraform.io/stub/" + name,
	})
}
