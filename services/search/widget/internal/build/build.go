// SPDX-License-Identifier: Apache-2.0

// Package build bundles the TypeScript and the style sheet of the widget into
// the one script that is served.
package build

import (
	"errors"
	"fmt"
	"os"

	"github.com/evanw/esbuild/pkg/api"
)

// entry is the module that names the elements, below the source folder.
const entry = "widget.ts"

// Script bundles the sources in the folder src into one minified classic
// script for browsers that know ES2020. The same sources give the same bytes.
// The error names every file, line and column that does not compile.
func Script(src string) ([]byte, error) {
	result := api.Build(api.BuildOptions{
		AbsWorkingDir:     src,
		EntryPoints:       []string{entry},
		Bundle:            true,
		Format:            api.FormatIIFE,
		Target:            api.ES2020,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		MangleProps:       "^_",
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		Banner:            map[string]string{"js": "/* Relais, Apache-2.0 */"},
		TsconfigRaw:       `{"compilerOptions": {"strict": true, "alwaysStrict": false, "useDefineForClassFields": false}}`,
		Plugins:           []api.Plugin{styles},
		LogLevel:          api.LogLevelSilent,
	})
	if err := problems(append(result.Errors, result.Warnings...)); err != nil {
		return nil, fmt.Errorf("bundle %s: %w", src, err)
	}
	return result.OutputFiles[0].Contents, nil
}

// styles makes an imported style sheet the default export of a module: its
// minified text.
var styles = api.Plugin{Name: "styles", Setup: func(b api.PluginBuild) {
	b.OnLoad(api.OnLoadOptions{Filter: `\.css$`}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		css, err := os.ReadFile(args.Path)
		if err != nil {
			return api.OnLoadResult{}, err
		}
		result := api.Transform(string(css), api.TransformOptions{
			Loader:           api.LoaderCSS,
			Charset:          api.CharsetUTF8,
			MinifyWhitespace: true,
			MinifySyntax:     true,
			LegalComments:    api.LegalCommentsNone,
			Sourcefile:       args.Path,
		})
		text := string(result.Code)
		return api.OnLoadResult{
			Contents: &text, Loader: api.LoaderText, Errors: result.Errors, Warnings: result.Warnings,
		}, nil
	})
}}

// problems joins esbuild's messages into one error, nil when there are none.
func problems(messages []api.Message) error {
	var errs []error
	for _, m := range messages {
		if m.Location == nil {
			errs = append(errs, errors.New(m.Text))
			continue
		}
		errs = append(errs, fmt.Errorf("%s:%d:%d: %s", m.Location.File, m.Location.Line, m.Location.Column, m.Text))
	}
	return errors.Join(errs...)
}
