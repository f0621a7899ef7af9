using System.Runtime.CompilerServices;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Loads image data sets as data views.</summary>
public static class DataOperationsExtensions
{
    /// <summary>
    /// Loads a folder that has one subfolder of images per class. Columns: ImagePath (text) and Label (text, the name of the subfolder). Rows are ordered by
    /// class and path. The files are not opened; LoadRawImageBytes or LoadImages does that.
    /// </summary>
    /// <remarks>
    /// Of a folder with <c>train</c>, and <c>val</c> or <c>test</c> beside it, this is the training part; <see cref="LoadImageFolderParts"/> loads all parts.
    /// Files that look like images but are in no format that this library reads are counted in a warning in MLContext.Log.
    /// </remarks>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">There are fewer than two classes, or a class has no images.</exception>
    public static IDataView LoadImageFolder(this DataOperationsCatalog catalog, string path) => catalog.LoadImageFolder(path, skipEmptyClasses: false);

    /// <inheritdoc cref="LoadImageFolder(DataOperationsCatalog, string)"/>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder.</param>
    /// <param name="skipEmptyClasses">Whether to skip subfolders without images, with a warning; otherwise such a folder is an error.</param>
    public static IDataView LoadImageFolder(this DataOperationsCatalog catalog, string path, bool skipEmptyClasses)
    {
        CheckArguments(catalog, path);
        string folder = path;
        if (ImageFolder.Parts(path) is { } parts)
        {
            folder = parts.Train;
            Warn(catalog, $"'{path}' is split into parts; this is '{folder}'. LoadImageFolderParts loads all parts.");
        }

        return Load(catalog, folder, skipEmptyClasses);
    }

    /// <summary>
    /// Loads a folder that is already split: <c>train</c> (or <c>training</c>), and beside it <c>val</c> (<c>valid</c>, <c>validation</c>), <c>test</c>
    /// (<c>testing</c>) or both, each with one subfolder of images per class. A folder that is not split is the training part alone.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder.</param>
    /// <param name="skipEmptyClasses">Whether to skip subfolders without images, with a warning; otherwise such a folder is an error.</param>
    /// <returns>The parts, each as <see cref="LoadImageFolder(DataOperationsCatalog, string)"/> gives it; null for a part that does not exist.</returns>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">A part has fewer than two classes, or a class has no images.</exception>
    public static (IDataView Train, IDataView? Validation, IDataView? Test) LoadImageFolderParts(
        this DataOperationsCatalog catalog,
        string path,
        bool skipEmptyClasses = false
    )
    {
        CheckArguments(catalog, path);
        FolderParts parts = ImageFolder.Parts(path) ?? new FolderParts(path, null, null);
        return (Load(catalog, parts.Train, skipEmptyClasses), LoadPart(parts.Validation), LoadPart(parts.Test));

        IDataView? LoadPart(string? part) => part is null ? null : Load(catalog, part, skipEmptyClasses);
    }

    /// <summary>
    /// Loads the binary files of CIFAR-10 or CIFAR-100. Columns: Image (32x32, encoded as PNG, in the form that LoadRawImageBytes gives) and Label (the class
    /// index from 0, or the class name if a file of names is given). Images are read while a cursor moves; nothing is cached.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="format"><see cref="CifarBinary.Cifar10"/> or <see cref="CifarBinary.Cifar100"/>.</param>
    /// <param name="labelNamesPath">The data set's file of class names, such as <c>batches.meta.txt</c>; null for class indices.</param>
    /// <param name="paths">The files, in order.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file has another format; the message names the file and the position.</exception>
    public static IDataView LoadCifar(this DataOperationsCatalog catalog, CifarBinary format, string? labelNamesPath, params string[] paths)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(paths);
        // Read checks now that each file exists and has whole records, so that Fit does not fail halfway.
        foreach (string path in paths)
        {
            _ = format.Read(path);
        }

        IReadOnlyList<string>? names = labelNamesPath is null ? null : format.ReadLabelNames(labelNamesPath);
        IEnumerable<CifarRecord> records = paths.SelectMany(format.Read);
        return names is null
            ? catalog.LoadFromEnumerable(records.Select(record => new NumberedCifarRow { Image = record.ToPng(), Label = (uint)record.Label }))
            : catalog.LoadFromEnumerable(records.Select(record => new NamedCifarRow { Image = record.ToPng(), Label = names[record.Label] }));
    }

    /// <summary>
    /// Loads CIFAR-10 or CIFAR-100 from the published archive (tar.gz of the binary files), without unpacking it, or from the folder that it was unpacked to.
    /// Columns: Image (32x32, encoded as PNG) and Label (the class name). Rows have the order of the unpacked files. Images are read while a cursor moves; use
    /// Cache to avoid decompressing the archive on each pass.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="format"><see cref="CifarBinary.Cifar10"/> or <see cref="CifarBinary.Cifar100"/>.</param>
    /// <param name="path">The archive, <c>cifar-10-binary.tar.gz</c> or <c>cifar-100-binary.tar.gz</c>, or the folder that holds the binary files.</param>
    /// <param name="part">The part of the data set to load.</param>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">The archive is damaged or is another archive; the message names the file in it and the byte offset.</exception>
    public static IDataView LoadCifarArchive(this DataOperationsCatalog catalog, CifarBinary format, string path, DataPart part)
    {
        ArgumentNullException.ThrowIfNull(format);
        CheckArguments(catalog, path);
        if (Directory.Exists(path))
        {
            return catalog.LoadCifar(format, Path.Combine(path, format.NamesFile), [.. format.FilesOf(part).Select(name => Path.Combine(path, name))]);
        }

        CifarArchive archive = new(format, path);
        IReadOnlyList<string> names = archive.ReadLabelNames();
        return catalog.LoadFromEnumerable(archive.Read(part).Select(record => new NamedCifarRow { Image = record.ToPng(), Label = names[record.Label] }));
    }

    /// <summary>
    /// Loads a CSV or TSV file that lists images and labels. Columns: ImagePath (text; relative paths are resolved) and Label (text). Rows have the order of
    /// the file. The images are not opened.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The CSV or TSV file.</param>
    /// <param name="format">The layout of the file; null for columns ImagePath and Label, named in the first line.</param>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">The file does not have that format; the message names the line.</exception>
    public static IDataView LoadImageList(this DataOperationsCatalog catalog, string path, ImageListFormat? format = null)
    {
        CheckArguments(catalog, path);
        return catalog.LoadFromEnumerable(ImageList.Read(path, format ?? new()));
    }

    /// <summary>
    /// Loads a CSV or TSV file that lists images with any number of labels each, such as <c>a.jpg,cat;sofa</c>. Columns: ImagePath (text) and Labels (a vector
    /// of text of unknown size, without duplicates; empty if the row has no label). Rows have the order of the file. The images are not opened.
    /// </summary>
    /// <inheritdoc cref="LoadImageList"/>
    public static IDataView LoadMultilabelImageList(this DataOperationsCatalog catalog, string path, ImageListFormat? format = null)
    {
        CheckArguments(catalog, path);
        return catalog.LoadFromEnumerable(ImageList.ReadMultilabel(path, format ?? new()));
    }

    /// <summary>
    /// Loads tar files (shards) in WebDataset's layout, in which the members of one image have the same key: <c>0001.jpg</c> and its label <c>0001.cls</c>.
    /// Columns: ImagePath (text), Image (encoded, in the form that LoadRawImageBytes gives) and Label (text). Rows have the order of the shards and of the
    /// images in them. Headers and labels are read now, once; an image when a cursor asks for it, or when a trainer decodes its ImagePath.
    /// </summary>
    /// <remarks>
    /// ImagePath stands for a path wherever this library takes a column of paths (<c>ImageColumnName = "ImagePath"</c>), so that images are read in any order
    /// without a copy of the set. <see cref="ImageTars.ReadImage"/> reads one; LoadRawImageBytes and LoadImages cannot. Images that are not read (formats,
    /// links) are counted in a warning in MLContext.Log. The index takes about 200 bytes of memory per image.
    /// </remarks>
    /// <param name="catalog">The catalog.</param>
    /// <param name="pattern">A path or an address (http, https), with WebDataset's braces, such as <c>train-{000000..000146}.tar</c>, or a path with
    /// <c>*</c> and <c>?</c> in the file name. The server must support range requests.</param>
    /// <param name="format">Which members have the labels; null for class names or numbers in <c>.cls</c>.</param>
    /// <param name="cancellationToken">Stops reading headers.</param>
    /// <exception cref="ArgumentException">The pattern is invalid.</exception>
    /// <exception cref="FileNotFoundException">A file does not exist, or none matches.</exception>
    /// <exception cref="InvalidDataException">A shard is damaged, truncated or compressed, a key has no label or two images, or there are no images; the
    /// message names the shard and the key or the byte.</exception>
    /// <exception cref="IOException">A shard cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    public static IDataView LoadImageTars(
        this DataOperationsCatalog catalog,
        string pattern,
        ImageTarFormat? format = null,
        CancellationToken cancellationToken = default
    )
    {
        CheckArguments(catalog, pattern);
        return catalog.LoadImageTars([pattern], format, cancellationToken);
    }

    /// <inheritdoc cref="LoadImageTars(DataOperationsCatalog, string, ImageTarFormat?, CancellationToken)"/>
    /// <param name="catalog">The catalog.</param>
    /// <param name="patterns">Paths, addresses and patterns, in order.</param>
    /// <param name="format">Which members have the labels; null for class names or numbers in <c>.cls</c>.</param>
    /// <param name="cancellationToken">Stops reading headers.</param>
    public static IDataView LoadImageTars(
        this DataOperationsCatalog catalog,
        IEnumerable<string> patterns,
        ImageTarFormat? format = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(patterns);
        return catalog.LoadFromEnumerable(ImageTars.Read(patterns, format ?? new(), text => Warn(catalog, text, "ImageTars"), cancellationToken));
    }

    /// <summary>
    /// Loads Tiny ImageNet in its published layout. Columns: ImagePath (text), Label (the WordNet ID of the class) and Description (the names of the class).
    /// Training images are ordered by class and path. The test part is the validation set, in the order of its list, because the published test images have no
    /// labels. The images are not opened.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder that holds wnids.txt, train and val.</param>
    /// <param name="part">The part of the data set to load.</param>
    /// <exception cref="DirectoryNotFoundException">A folder is missing.</exception>
    /// <exception cref="FileNotFoundException">A list is missing.</exception>
    /// <exception cref="InvalidDataException">A list is invalid (the message names the line), or a class has no image.</exception>
    public static IDataView LoadTinyImageNet(this DataOperationsCatalog catalog, string path, DataPart part)
    {
        CheckArguments(catalog, path);
        return catalog.LoadFromEnumerable(TinyImageNet.Read(path, part));
    }

    /// <summary>
    /// Loads ImageNet or a subset of it: one folder of images per class, named by its WordNet ID. Columns: ImagePath (text), Label (the WordNet ID, because
    /// names are not unique) and Description (the names in the list). Rows are ordered by the list and then by path. The images are not opened.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder that contains the class folders, such as <c>ILSVRC/Data/CLS-LOC/train</c>.</param>
    /// <param name="synsetListPath">The file that lists the classes to load: one WordNet ID per line, optionally followed by names, such as
    /// <c>LOC_synset_mapping.txt</c>.</param>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist, or a listed class has no folder.</exception>
    /// <exception cref="FileNotFoundException">The list does not exist.</exception>
    /// <exception cref="InvalidDataException">The list is invalid (the message names the line), or a class has no image.</exception>
    public static IDataView LoadImageNet(this DataOperationsCatalog catalog, string path, string synsetListPath)
    {
        CheckArguments(catalog, path);
        ArgumentException.ThrowIfNullOrEmpty(synsetListPath);
        return catalog.LoadFromEnumerable(ImageNetFolder.Read(path, synsetListPath));
    }

    /// <summary>
    /// Loads Caltech-UCSD Birds-200-2011 in its published layout. Columns: ImagePath (text), Label (the class, such as <c>001.Black_footed_Albatross</c>) and
    /// Box (x, y, width and height of the bird, in pixels). Rows have the order of images.txt. The images are not opened.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder CUB_200_2011, which contains images.txt.</param>
    /// <param name="part">The part of the published split to load.</param>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="FileNotFoundException">A list is missing.</exception>
    /// <exception cref="InvalidDataException">A list is invalid, or two lists contradict each other; the message names the file and the line.</exception>
    public static IDataView LoadCaltechBirds(this DataOperationsCatalog catalog, string path, DataPart part)
    {
        CheckArguments(catalog, path);
        return catalog.LoadFromEnumerable(CaltechBirds.Read(path, part), WithBox<BoxedImageRow>());
    }

    /// <summary>
    /// Loads the images of Pascal VOC with all their classes. Columns: ImagePath (text); Labels (a vector of text of unknown size: the classes with at least
    /// one object that is not marked difficult); DifficultLabels (the classes that have only difficult objects, which VOC counts neither as positive nor as
    /// negative). Rows have the order of the set's list.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder of a year, such as <c>VOCdevkit/VOC2007</c>.</param>
    /// <param name="set">The name of a list in ImageSets/Main: train, val, trainval or test.</param>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="FileNotFoundException">A list or an annotation is missing.</exception>
    /// <exception cref="InvalidDataException">A list or an annotation is invalid; the message names the line.</exception>
    public static IDataView LoadPascalVocImages(this DataOperationsCatalog catalog, string path, string set) =>
        catalog.LoadFromEnumerable(ReadVoc(catalog, path, set).Select(VocImageRow.Of).ToArray());

    /// <summary>
    /// Loads the objects of Pascal VOC, one row per object. Columns: ImagePath (text); Label (the class); Box (x, y, width and height in pixels; the upper left
    /// pixel is 0, 0); Difficult and Truncated, as annotated. Rows have the order of the set's list and of the annotations. Annotated parts of objects (such as
    /// a person's head) are not included.
    /// </summary>
    /// <inheritdoc cref="LoadPascalVocImages"/>
    public static IDataView LoadPascalVocObjects(this DataOperationsCatalog catalog, string path, string set) =>
        catalog.LoadFromEnumerable(ReadVoc(catalog, path, set).SelectMany(VocObjectRow.Of).ToArray(), WithBox<VocObjectRow>());

    /// <summary>
    /// Loads the objects of Pascal VOC, cropped from their images. Columns: ImagePath (text, the whole image); Image (the cropped object, encoded as PNG);
    /// Label (its class). For an image that cannot be read, Image holds the bytes of the file, so that the consumer's policy for unreadable images applies.
    /// Objects are cropped while a cursor moves; nothing is cached.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder of a year, such as <c>VOCdevkit/VOC2007</c>.</param>
    /// <param name="set">The name of a list in ImageSets/Main: train, val, trainval or test.</param>
    /// <param name="minSide">The minimum width and height of an object, in pixels; by default 65, as the paper takes patches of more than 64x64.</param>
    /// <param name="withDifficult">Whether to include objects that are marked difficult.</param>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="FileNotFoundException">A list or an annotation is missing.</exception>
    /// <exception cref="InvalidDataException">A list or an annotation is invalid; the message names the line.</exception>
    public static IDataView LoadPascalVocPatches(this DataOperationsCatalog catalog, string path, string set, int minSide = 65, bool withDifficult = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(minSide);
        return catalog.LoadFromEnumerable(VocPatches.Cut(ReadVoc(catalog, path, set), minSide, withDifficult));
    }

    private static IReadOnlyList<VocImage> ReadVoc(DataOperationsCatalog catalog, string path, string set)
    {
        CheckArguments(catalog, path);
        ArgumentException.ThrowIfNullOrEmpty(set);
        return PascalVoc.Read(path, set);
    }

    // Gives the Box column a vector type of known size.
    private static SchemaDefinition WithBox<TRow>()
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(TRow));
        schema[nameof(BoxedImageRow.Box)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, AnnotationBox.Length);
        return schema;
    }

    private static IDataView Load(DataOperationsCatalog catalog, string folder, bool skipEmptyClasses) =>
        catalog.LoadFromEnumerable(ImageFolder.Read(folder, skipEmptyClasses, text => Warn(catalog, text)));

    private static void Warn(DataOperationsCatalog catalog, string text, string source = "ImageFolder")
    {
        using IChannel channel = Internals.EnvironmentOf(catalog).Start(source);
        channel.Warning(MessageSensitivity.UserData, text);
    }

    private static void CheckArguments(DataOperationsCatalog catalog, string path, [CallerArgumentExpression(nameof(path))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrEmpty(path, name);
    }
}
