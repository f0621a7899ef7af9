using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Data;

namespace Samples;

/// <summary>The options that name pictures: a folder with a sub-folder a class, or CIFAR's binary files.</summary>
internal sealed class ImageInput
{
    private readonly Option<DirectoryInfo?> _images;
    private readonly Option<FileInfo[]> _cifar10;
    private readonly Option<FileInfo[]> _cifar100;

    private readonly bool _required;

    /// <param name="prefix">"--" for the training pictures, "--test-" for the held-out ones.</param>
    /// <param name="what">What the pictures are for, in the help.</param>
    /// <param name="required">Whether the verb makes no sense without.</param>
    public ImageInput(string prefix, string what, bool required = true)
    {
        _required = required;
        _images = new Option<DirectoryInfo?>(prefix + "images") { Description = $"{what}: a folder with a sub-folder of pictures for each class." };
        _cifar10 = new Option<FileInfo[]>(prefix + "cifar10") { Description = $"{what}: CIFAR-10's binary files.", AllowMultipleArgumentsPerToken = true };
        _cifar100 = new Option<FileInfo[]>(prefix + "cifar100") { Description = $"{what}: CIFAR-100's binary files (fine labels).", AllowMultipleArgumentsPerToken = true };
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_images);
        command.Options.Add(_cifar10);
        command.Options.Add(_cifar100);
        command.Validators.Add(result =>
        {
            int given = new Option[] { _images, _cifar10, _cifar100 }.Count(option => result.GetResult(option) is not null);
            if (given > 1 || (given == 0 && _required))
            {
                result.AddError($"Give one of {_images.Name}, {_cifar10.Name} and {_cifar100.Name}.");
            }
        });
    }

    /// <summary>Whether any of the options is given.</summary>
    public bool IsGiven(ParseResult parsed) => new Option[] { _images, _cifar10, _cifar100 }.Any(option => parsed.GetResult(option) is not null);

    /// <summary>Rows with a Label and either an ImagePath or an Image.</summary>
    public IDataView Load(ParseResult parsed, MLContext ml)
    {
        (DirectoryInfo? folder, FileInfo[] ten, FileInfo[] hundred) = (parsed.GetValue(_images), parsed.GetValue(_cifar10) ?? [], parsed.GetValue(_cifar100) ?? []);
        return folder is not null ? ml.Data.LoadImageFolder(folder.FullName)
            : ten.Length > 0 ? LoadCifar(ml, CifarBinary.Cifar10, ten, "batches.meta.txt")
            : LoadCifar(ml, CifarBinary.Cifar100, hundred, "fine_label_names.txt");
    }

    private static IDataView LoadCifar(MLContext ml, CifarBinary format, FileInfo[] files, string namesFile)
    {
        string names = Path.Combine(files[0].DirectoryName!, namesFile);
        return ml.Data.LoadCifar(format, File.Exists(names) ? names : null, [.. files.Select(file => file.FullName)]);
    }
}
