using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Parts;

namespace Samples;

/// <summary>The options that name images: a folder with a subfolder per class, CIFAR's binary files, or a published data set.</summary>
internal sealed class ImageInput
{
    /// <summary>The prefix of the options for held-out images.</summary>
    public const string TestPrefix = "--test-";

    private const string SkipEmpty = "--skip-empty-classes";

    private readonly Option<DirectoryInfo?> _images;
    private readonly Option<FileInfo[]> _cifar10;
    private readonly Option<FileInfo[]> _cifar100;
    private readonly Option<string[]> _data;
    private readonly Option<bool>? _skipEmpty;
    private readonly DataPart _part;
    private readonly bool _required;

    /// <param name="prefix">"--" for the training images, "--test-" for the held-out ones.</param>
    /// <param name="what">What the images are for, in the help.</param>
    /// <param name="part">Which part of a data set to take where the command line names none.</param>
    /// <param name="required">Whether the verb needs images.</param>
    public ImageInput(string prefix, string what, DataPart part, bool required = true)
    {
        (_part, _required) = (part, required);
        string names = prefix == "--" ? ". " + string.Join("; ", DataSets.All.Select(entry => $"{entry.Key}: {entry.Value.What}")) : ", as for --data";
        _images = new Option<DirectoryInfo?>(prefix + "images")
        {
            Description =
                $"{what}: a folder with a subfolder of images per class. A folder with train, and val or test beside it, each with such subfolders, is taken as split.",
        };
        _skipEmpty = prefix == "--" ? new Option<bool>(SkipEmpty) { Description = "Skip class folders without images; otherwise they are an error." } : null;
        _cifar10 = Files(prefix + "cifar10", $"{what}: CIFAR-10's binary files.");
        _cifar100 = Files(prefix + "cifar100", $"{what}: CIFAR-100's binary files (fine labels).");
        _data = new Option<string[]>(prefix + "data")
        {
            Description = $"{what}: a data set as NAME PATH [PART]{names}.",
            AllowMultipleArgumentsPerToken = true,
            Arity = new ArgumentArity(2, 3),
        };
        _data.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !DataSets.All.ContainsKey(result.Tokens[0].Value))
            {
                result.AddError(
                    $"{_data.Name}: there is no data set '{result.Tokens[0].Value}'."
                        + (
                            Spelling.Hint(result.Tokens[0].Value, DataSets.All.Keys) is { Length: > 0 } hint
                                ? hint
                                : $" Known: {string.Join(", ", DataSets.All.Keys)}."
                        )
                );
            }
        });
    }

    private Option[] Options => [_images, _cifar10, _cifar100, _data];

    public void AddTo(Command command)
    {
        Array.ForEach(Options, command.Options.Add);
        if (_skipEmpty is not null)
        {
            command.Options.Add(_skipEmpty);
        }

        command.Validators.Add(result =>
        {
            int given = Options.Count(option => result.GetResult(option) is not null);
            if (given > 1 || (given == 0 && _required))
            {
                result.AddError($"Give exactly one of {string.Join(", ", Options.Select(option => option.Name))}.");
            }
        });
    }

    /// <summary>Whether the images are a folder of the user.</summary>
    public bool IsFolder(ParseResult parsed) => parsed.GetValue(_images) is not null;

    /// <summary>Whether one of the options is given.</summary>
    public bool IsGiven(ParseResult parsed) => IsGiven(parsed.CommandResult);

    /// <inheritdoc cref="IsGiven(ParseResult)"/>
    public bool IsGiven(CommandResult verb) => Options.Any(option => verb.GetResult(option) is not null);

    /// <summary>The files that the options name, by option.</summary>
    public IEnumerable<(string Option, FileInfo? File)> Named(ParseResult parsed) =>
        (parsed.GetValue(_data) ?? [])
            .Skip(1)
            .Select(path => (_data.Name, new FileInfo(path)))
            .Concat((parsed.GetValue(_cifar10) ?? []).Select(file => (_cifar10.Name, file)))
            .Concat((parsed.GetValue(_cifar100) ?? []).Select(file => (_cifar100.Name, file)))
            .Where(entry => entry.Item2.Exists)
            .Select(entry => (entry.Name, (FileInfo?)entry.Item2));

    /// <summary>The options as they are given, with full paths.</summary>
    public string[] Words(ParseResult parsed) =>
        parsed.GetValue(_images) is { } folder ? [_images.Name, folder.FullName]
        : parsed.GetValue(_data) is { Length: > 1 } data ? [_data.Name, data[0], FullPath(data[1]), .. data.Skip(2).Select(FullPathOfFile)]
        : parsed.GetValue(_cifar10) is { Length: > 0 } cifar10 ? [_cifar10.Name, .. cifar10.Select(file => file.FullName)]
        : [_cifar100.Name, .. parsed.GetRequiredValue(_cifar100).Select(file => file.FullName)];

    /// <summary>The name of the folder or data set, for the names of files that are made of it.</summary>
    public string NameOf(ParseResult parsed) =>
        parsed.GetValue(_images) is { } folder ? NameOf(new DirectoryInfo(Path.TrimEndingDirectorySeparator(folder.FullName)))
        : parsed.GetValue(_data) is { Length: > 1 } data ? $"{data[0]}"
        : parsed.GetValue(_cifar10) is { Length: > 0 } ? "cifar-10"
        : "cifar-100";

    /// <summary>
    /// Training rows, and where the images are a folder that is already split, its validation and its test rows. Without a test part, the validation part is
    /// the test part: it must not choose the weights too.
    /// </summary>
    public (IDataView Train, IDataView? Validation, IDataView? Test) LoadParts(ParseResult parsed, MLContext ml)
    {
        if (parsed.GetValue(_images) is not { } folder)
        {
            return (Load(parsed, ml), null, null);
        }

        (IDataView train, IDataView? validation, IDataView? test) = ml.Data.LoadImageFolderParts(folder.FullName, parsed.GetValue<bool>(SkipEmpty));
        return test is null ? (train, null, validation) : (train, validation, test);
    }

    /// <summary>Rows with a Label and an Image, or an ImagePath where the images are files.</summary>
    public IDataView Load(ParseResult parsed, MLContext ml)
    {
        if (parsed.GetValue(_data) is { Length: > 0 } data)
        {
            return DataSets.All[data[0]].Load(ml, data[1], data.ElementAtOrDefault(2), _part);
        }

        return parsed.GetValue(_images) is { } folder ? LoadFolder(ml, folder, parsed.GetResult(SkipEmpty) is not null && parsed.GetValue<bool>(SkipEmpty))
            : parsed.GetValue(_cifar10) is { Length: > 0 } cifar10 ? LoadCifar(ml, CifarBinary.Cifar10, cifar10, "batches.meta.txt")
            : LoadCifar(ml, CifarBinary.Cifar100, parsed.GetRequiredValue(_cifar100), "fine_label_names.txt");
    }

    private static string FullPath(string path) => TarImages.IsAddress(path) ? path : Path.GetFullPath(path);

    // A part may be a file, such as a list of class names.
    private static string FullPathOfFile(string part) => File.Exists(part) ? Path.GetFullPath(part) : part;

    // Of birds/train, the name is birds.
    private static string NameOf(DirectoryInfo folder) =>
        folder is { Name: "train" or "training", Parent: { Name.Length: > 1 } parent } ? parent.Name : folder.Name;

    private IDataView LoadFolder(MLContext ml, DirectoryInfo folder, bool skipEmpty)
    {
        (IDataView train, IDataView? validation, IDataView? test) = ml.Data.LoadImageFolderParts(folder.FullName, skipEmpty);
        bool isSplit = (validation ?? test) is not null;
        string taken =
            !isSplit || _part == DataPart.Train ? "training"
            : test is not null ? "test"
            : "validation";
        if (isSplit)
        {
            Console.Error.WriteLine($"'{folder}' is split: these are the {taken} images.");
        }

        return taken == "training" ? train : test ?? validation!;
    }

    private static Option<FileInfo[]> Files(string name, string description) => new(name) { Description = description, AllowMultipleArgumentsPerToken = true };

    private static IDataView LoadCifar(MLContext ml, CifarBinary format, FileInfo[] files, string namesFile)
    {
        string names = Path.Combine(files[0].DirectoryName!, namesFile);
        return ml.Data.LoadCifar(format, File.Exists(names) ? names : null, [.. files.Select(file => file.FullName)]);
    }
}

/// <summary>The published data sets and file formats that <c>--data NAME PATH [PART]</c> can name.</summary>
internal static class DataSets
{
    private const string TrainOrTest = "PART train or test";
    private const string VocParts = "PART train, val, trainval or test";

    /// <summary>Description and loader of each. A loader gets the PART of the command line, and the part to take where there is none.</summary>
    public static IReadOnlyDictionary<string, (string What, Func<MLContext, string, string?, DataPart, IDataView> Load)> All { get; } =
        new SortedDictionary<string, (string, Func<MLContext, string, string?, DataPart, IDataView>)>(StringComparer.Ordinal)
        {
            ["list"] = ("a CSV or TSV file with columns ImagePath and Label", (ml, path, _, _) => ml.Data.LoadImageList(path)),
            ["cifar-10"] = (
                $"cifar-10-binary.tar.gz, or the folder of its binary files; {TrainOrTest}",
                (ml, path, part, usual) => ml.Data.LoadCifarArchive(CifarBinary.Cifar10, path, Part(part, usual))
            ),
            ["cifar-100"] = (
                $"cifar-100-binary.tar.gz, or the folder of its binary files; {TrainOrTest}",
                (ml, path, part, usual) => ml.Data.LoadCifarArchive(CifarBinary.Cifar100, path, Part(part, usual))
            ),
            ["tiny-imagenet"] = (
                $"the folder tiny-imagenet-200; {TrainOrTest} (its val)",
                (ml, path, part, usual) => ml.Data.LoadTinyImageNet(path, Part(part, usual))
            ),
            ["imagenet"] = (
                "a folder with a subfolder per synset; PART is the file that lists the synsets",
                (ml, path, part, _) =>
                    ml.Data.LoadImageNet(path, part ?? throw new ArgumentException("--data imagenet PATH PART needs PART, the list of synsets."))
            ),
            ["cub-200"] = ($"the folder CUB_200_2011; {TrainOrTest}", (ml, path, part, usual) => ml.Data.LoadCaltechBirds(path, Part(part, usual))),
            ["tars"] = (
                "tar files in WebDataset's layout: a path, an address or a pattern such as 'train-{000000..000146}.tar'; PART is the file of class names, for labels that are numbers",
                (ml, path, part, _) => Files(ml, ml.Data.LoadImageTars(path, new ImageTarFormat { ClassNamesPath = part }))
            ),
            ["multilabel-list"] = (
                "a CSV or TSV file with columns ImagePath and Label, whose labels are separated by semicolons, for --trainer patch",
                (ml, path, _, _) => Labeled(ml, ml.Data.LoadMultilabelImageList(path))
            ),
            ["voc"] = (
                $"the folder VOCdevkit/VOC2007, whole images with all their classes, for --trainer patch; {VocParts}",
                (ml, path, part, usual) => Labeled(ml, ml.Data.LoadPascalVocImages(path, VocSet(part, usual)))
            ),
            ["voc-objects"] = (
                $"the folder VOCdevkit/VOC2007, one row per object with the whole image and the object's box; {VocParts}",
                (ml, path, part, usual) => ml.Data.LoadPascalVocObjects(path, VocSet(part, usual))
            ),
            ["voc-patches"] = (
                $"the folder VOCdevkit/VOC2007, crops of the objects of more than 64x64 pixels; {VocParts}",
                (ml, path, part, usual) => ml.Data.LoadPascalVocPatches(path, VocSet(part, usual))
            ),
        };

    public static IDataView Labeled(MLContext ml, IDataView sets) => ml.Transforms.CopyColumns("Label", "Labels").Fit(sets).Transform(sets);

    // The paths in tar files stand for files: models that were trained on them score files too.
    private static IDataView Files(MLContext ml, IDataView tars) => ml.Transforms.DropColumns("Image").Fit(tars).Transform(tars);

    private static string VocSet(string? part, DataPart usual) => part ?? (usual == DataPart.Train ? "trainval" : "test");

    private static DataPart Part(string? part, DataPart usual) =>
        part switch
        {
            null => usual,
            "train" => DataPart.Train,
            "test" => DataPart.Test,
            _ => throw new ArgumentException($"The part '{part}' of --data is neither 'train' nor 'test'."),
        };
}

/// <summary>Images without a label, as rows for a model that was trained on rows with one.</summary>
internal static class UnlabeledImages
{
    /// <summary>
    /// Rows with the columns that the model needs: it begins with paths or with bytes, so the rows have both; it may map the label to a key, so they have an
    /// empty label.
    /// </summary>
    public static IDataView Load(MLContext ml, IReadOnlyList<string> files, DataViewSchema input)
    {
        IDataView images =
            input.GetColumnOrNull("Label")?.Type is NumberDataViewType
                ? ml.Data.LoadFromEnumerable(files.Select(file => new NumberedImage { ImagePath = file }))
                : ml.Data.LoadFromEnumerable(files.Select(file => new NamedImage { ImagePath = file }));
        IEstimator<ITransformer> reader = files.Any(TarImages.IsInTar)
            ? ml.Transforms.CustomMapping<PathRow, BytesRow>((from, to) => to.Image = TarImages.ReadAny(from.ImagePath), contractName: null)
            : ml.Transforms.LoadRawImageBytes("Image", imageFolder: null, inputColumnName: "ImagePath");
        return reader.Fit(images).Transform(images);
    }

    private sealed class PathRow
    {
        public string ImagePath { get; set; } = "";
    }

    private sealed class BytesRow
    {
        public byte[] Image { get; set; } = [];
    }

    private sealed class NamedImage
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }

    private sealed class NumberedImage
    {
        public string ImagePath { get; set; } = "";

        public uint Label { get; set; }
    }
}
