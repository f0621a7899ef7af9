using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Models;

namespace Samples;

/// <summary>The verb <c>export</c>.</summary>
internal static class ExportCommand
{
    private const string Manifest = "manifest.json";
    private const string Weights = "weights.safetensors";

    public static Command Create()
    {
        Option<FileInfo> model = ModelOption.Create();
        Option<DirectoryInfo?> folder = new("--out")
        {
            Description = "Write the weights as safetensors, with PyTorch's names, and the manifest as JSON to this folder.",
        };
        Option<FileInfo?> onnx = new("--onnx")
        {
            Description = "Write an ONNX model to this file, with preprocessing and test-time augmentation. Takes ensembles too.",
        };
        Option<OnnxInput> input = new("--onnx-input")
        {
            Description = "The input of the ONNX model: decoded RGB images of any size, or floats that the caller has resized, cropped and normalized.",
            DefaultValueFactory = _ => OnnxInput.RawImages,
        };
        Option<bool> half = new("--float16-weights") { Description = "Store the weights of the ONNX model as float16: half the size, the same speed." };
        Option<string?> views = ViewsOption.Create();
        Command command = new("export", "Writes a model for other programs: as ONNX, or its weights for PyTorch.") { model, folder, onnx, input, half, views };
        command.Validators.Add(result =>
        {
            if (result.GetResult(folder) is null && result.GetResult(onnx) is null)
            {
                result.AddError("Give --onnx, --out or both.");
            }

            foreach (Option option in (Option[])[input, half])
            {
                if (result.GetResult(onnx) is null && result.GetResult(option) is { Implicit: false })
                {
                    result.AddError($"{option.Name} needs --onnx.");
                }
            }
        });
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
            {
                OutputPath.KeepApart([("--onnx", parsed.GetValue(onnx))], ("--model", parsed.GetRequiredValue(model)));
                OutputPath.TryFolder("--out", parsed.GetValue(folder));
                RefuseOtherManifest(parsed.GetValue(folder));
                OutputPath.TryFile("--onnx", parsed.GetValue(onnx));
                MLContext ml = Session.Begin();
                ITransformer loaded = ViewsOption.Apply(ml, ModelOption.Load(ml, parsed.GetRequiredValue(model), out _), parsed.GetValue(views));
                if (parsed.GetValue(folder) is { FullName: var target })
                {
                    ml.Model.ExportImageModel(loaded, target);
                    Console.WriteLine($"Wrote {Manifest} and {Weights} in {target}.");
                }

                if (parsed.GetValue(onnx) is { } file)
                {
                    OnnxExportOptions options = new() { Input = parsed.GetValue(input), Float16Weights = parsed.GetValue(half) };
                    ml.Model.ExportOnnx(loaded, file.FullName, options);
                    file.Refresh();
                    Console.WriteLine($"Wrote {file.FullName} ({file.Length >> 10} KiB).");
                }

                return ExitCode.Success;
            })
        );
        return command;
    }

    // Other programs have files of this name too.
    private static void RefuseOtherManifest(DirectoryInfo? folder)
    {
        if (folder is not null && File.Exists(Path.Combine(folder.FullName, Manifest)) && !File.Exists(Path.Combine(folder.FullName, Weights)))
        {
            throw new ArgumentException($"--out: '{folder}' has a {Manifest} that does not belong to a model. Choose another folder.");
        }
    }
}
