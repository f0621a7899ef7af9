using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Rows;

namespace Microsoft.ML;

/// <summary>Image data sets as data views.</summary>
public static class DataOperationsExtensions
{
    /// <summary>
    /// A folder with one folder of pictures for each class. Columns: ImagePath, text; Label, text, the folder's name. Ordered by class and path. The files are not opened:
    /// LoadRawImageBytes or LoadImages does that.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">There are fewer than two classes, or one without pictures.</exception>
    public static IDataView LoadImageFolder(this DataOperationsCatalog catalog, string path)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrEmpty(path);
        return catalog.LoadFromEnumerable(ImageFolder.Read(path).Select(file => new ImageFileRow { ImagePath = file.Path, Label = file.ClassName }).ToArray());
    }

    /// <summary>
    /// CIFAR's binary files, CIFAR-10's or CIFAR-100's. Columns: Image, a picture of 32x32 encoded as PNG, as LoadRawImageBytes gives any other; Label, the class as a
    /// number from 0, or as its name where there is a file of names. Read as cursors pass; nothing is kept.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="format"><see cref="CifarBinary.Cifar10"/> or <see cref="CifarBinary.Cifar100"/>.</param>
    /// <param name="labelNamesPath">The data set's file of class names, such as <c>batches.meta.txt</c>; null for numbers.</param>
    /// <param name="paths">The files, in order.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is of another format; the message says where.</exception>
    public static IDataView LoadCifar(this DataOperationsCatalog catalog, CifarBinary format, string? labelNamesPath, params string[] paths)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(paths);
        // Read opens nothing but checks that the file is there and of whole records: better now than in the middle of a Fit.
        foreach (string path in paths)
            _ = format.Read(path);
        IReadOnlyList<string>? names = labelNamesPath is null ? null : format.ReadLabelNames(labelNamesPath);
        IEnumerable<CifarRecord> records = paths.SelectMany(format.Read);
        return names is null
            ? catalog.LoadFromEnumerable(records.Select(record => new NumberedImageRow { Image = record.ToPng(), Label = (uint)record.Label }))
            : catalog.LoadFromEnumerable(records.Select(record => new EncodedImageRow { Image = record.ToPng(), Label = names[record.Label] }));
    }

    /// <summary>
    /// CIFAR-10 or CIFAR-100 from the archive (tar.gz of the binary files) in which it is published, without unpacking it, or from the folder that it was unpacked to. Columns: Image, a picture of 32x32 encoded as PNG;
    /// Label, the name of the class. Rows in the order of the unpacked files. Read as cursors pass; nothing is kept, so that Cache spares inflating it each time.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="format"><see cref="CifarBinary.Cifar10"/> or <see cref="CifarBinary.Cifar100"/>.</param>
    /// <param name="path">The archive, <c>cifar-10-binary.tar.gz</c> or <c>cifar-100-binary.tar.gz</c>, or the folder that holds the binary files.</param>
    /// <param name="part">Which images.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The archive is damaged or another; the message names the file in it and the byte.</exception>
    public static IDataView LoadCifarArchive(this DataOperationsCatalog catalog, CifarBinary format, string path, DataPart part)
    {
        ArgumentNullException.ThrowIfNull(format);
        CheckArguments(catalog, path);
        if (Directory.Exists(path))
            return catalog.LoadCifar(format, Path.Combine(path, format.NamesFile), [.. format.FilesOf(part).Select(name => Path.Combine(path, name))]);
        CifarArchive archive = new(format, path);
        IReadOnlyList<string> names = archive.ReadLabelNames();
        return catalog.LoadFromEnumerable(archive.Read(part).Select(record => new EncodedImageRow { Image = record.ToPng(), Label = names[record.Label] }));
    }

    /// <summary>A CSV or TSV file of pictures and labels. Columns: ImagePath, text, relative paths made whole; Label, text. In the order of the file; the pictures are not opened.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The list.</param>
    /// <param name="format">How it is laid out; null for columns ImagePath and Label, named in the first line.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The list is not of that format; the message says on which line.</exception>
    public static IDataView LoadImageList(this DataOperationsCatalog catalog, string path, ImageListFormat? format = null)
    {
        CheckArguments(catalog, path);
        return catalog.LoadFromEnumerable(ImageList.Read(path, format ?? new()).Select(file => new ImageFileRow { ImagePath = file.Path, Label = file.ClassName }).ToArray());
    }

    /// <summary>
    /// A CSV or TSV file of pictures with any number of labels each, such as <c>a.jpg,cat;sofa</c>. Columns: ImagePath, text; Labels, a vector of text of unknown size,
    /// each label of a row once, empty where it has none. In the order of the file; the pictures are not opened.
    /// </summary>
    /// <inheritdoc cref="LoadImageList"/>
    public static IDataView LoadMultilabelImageList(this DataOperationsCatalog catalog, string path, ImageListFormat? format = null)
    {
        CheckArguments(catalog, path);
        return catalog.LoadFromEnumerable(
            ImageList.ReadMultilabel(path, format ?? new()).Select(file => new MultilabelImageRow { ImagePath = file.Path, Labels = [.. file.ClassNames] }).ToArray());
    }

    /// <summary>
    /// Tiny ImageNet as it is published. Columns: ImagePath, text; Label, the class's WordNet id; Description, its names. Training pictures by class and path, validation
    /// pictures, which stand for the test images without labels, as they are listed. The pictures are not opened.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder that holds wnids.txt, train and val.</param>
    /// <param name="part">Which pictures.</param>
    /// <exception cref="DirectoryNotFoundException">A folder is missing.</exception>
    /// <exception cref="FileNotFoundException">A list is missing.</exception>
    /// <exception cref="InvalidDataException">A list is wrong; the message says on which line. Or a class has no picture.</exception>
    public static IDataView LoadTinyImageNet(this DataOperationsCatalog catalog, string path, DataPart part)
    {
        CheckArguments(catalog, path);
        return catalog.LoadFromEnumerable(TinyImageNet.Read(path, part).Select(SynsetImageRow.Of).ToArray());
    }

    /// <summary>
    /// ImageNet, or any part of it: a folder of pictures for each class, called by its WordNet id. Columns: ImagePath, text; Label, the id (names are not unique);
    /// Description, the names that the list gives. Ordered by the list and then by path. The pictures are not opened.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder of the class folders, such as <c>ILSVRC/Data/CLS-LOC/train</c>.</param>
    /// <param name="synsetListPath">The classes to take, an id a line, names behind it or not, such as <c>LOC_synset_mapping.txt</c>.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or none of a class on the list.</exception>
    /// <exception cref="FileNotFoundException">There is no such list.</exception>
    /// <exception cref="InvalidDataException">The list is wrong; the message says on which line. Or a class has no picture.</exception>
    public static IDataView LoadImageNet(this DataOperationsCatalog catalog, string path, string synsetListPath)
    {
        CheckArguments(catalog, path);
        ArgumentException.ThrowIfNullOrEmpty(synsetListPath);
        return catalog.LoadFromEnumerable(ImageNetFolder.Read(path, synsetListPath).Select(SynsetImageRow.Of).ToArray());
    }

    /// <summary>
    /// Caltech-UCSD Birds-200-2011 as it is published. Columns: ImagePath, text; Label, the class, such as <c>001.Black_footed_Albatross</c>; Box, the bird's x, y, width and
    /// height in pixels. In the order of images.txt. The pictures are not opened.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder CUB_200_2011, which holds images.txt.</param>
    /// <param name="part">Which side of the published split.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">A list is missing.</exception>
    /// <exception cref="InvalidDataException">A list is wrong, or two do not fit; the message says where.</exception>
    public static IDataView LoadCaltechBirds(this DataOperationsCatalog catalog, string path, DataPart part)
    {
        CheckArguments(catalog, path);
        return catalog.LoadFromEnumerable(
            CaltechBirds.Read(path, part).Select(file => new BoxedImageRow { ImagePath = file.Path, Label = file.ClassName, Box = file.Box.ToArray() }).ToArray());
    }

    /// <summary>
    /// The pictures of Pascal VOC with all their classes. Columns: ImagePath, text; Labels, a vector of text of unknown size, the classes of which something is there that is
    /// not difficult; DifficultLabels, those of which only difficult objects are there, which VOC does not count either way. In the order of the set's list.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder of a year, such as <c>VOCdevkit/VOC2007</c>.</param>
    /// <param name="set">The name of a list in ImageSets/Main: train, val, trainval or test.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">A list or an annotation is missing.</exception>
    /// <exception cref="InvalidDataException">A list or an annotation is wrong; the message says on which line.</exception>
    public static IDataView LoadPascalVocImages(this DataOperationsCatalog catalog, string path, string set) => catalog.LoadFromEnumerable(
        ReadVoc(catalog, path, set).Select(image => new VocImageRow { ImagePath = image.Path, Labels = [.. image.ClassNames], DifficultLabels = [.. image.DifficultClassNames] }).ToArray());

    /// <summary>
    /// The objects of Pascal VOC. Columns: ImagePath, text; Label, the class; Box, x, y, width and height in pixels, the upper left pixel being 0, 0; Difficult and Truncated,
    /// as annotated. A row an object, in the order of the set's list and of the annotations; parts of an object are no objects.
    /// </summary>
    /// <inheritdoc cref="LoadPascalVocImages"/>
    public static IDataView LoadPascalVocObjects(this DataOperationsCatalog catalog, string path, string set) => catalog.LoadFromEnumerable(
        ReadVoc(catalog, path, set).SelectMany(image => image.Objects.Select(thing => new VocObjectRow
        {
            ImagePath = image.Path,
            Label = thing.ClassName,
            Box = thing.Box.ToArray(),
            Difficult = thing.Difficult,
            Truncated = thing.Truncated,
        })).ToArray());

    /// <summary>
    /// The objects of Pascal VOC, cut out of their pictures. Columns: ImagePath, text, the whole picture; Image, the object alone, encoded as PNG; Label, its class. A picture
    /// that cannot be read gives its own bytes, so that whoever decodes them decides. Cut as cursors pass; nothing is kept.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder of a year, such as <c>VOCdevkit/VOC2007</c>.</param>
    /// <param name="set">The name of a list in ImageSets/Main: train, val, trainval or test.</param>
    /// <param name="minSide">The least width and height of an object, in pixels.</param>
    /// <param name="withDifficult">Whether difficult objects count.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">A list or an annotation is missing.</exception>
    /// <exception cref="InvalidDataException">A list or an annotation is wrong; the message says on which line.</exception>
    public static IDataView LoadPascalVocPatches(this DataOperationsCatalog catalog, string path, string set, int minSide = 64, bool withDifficult = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(minSide);
        IEnumerable<Patch> patches = VocPatches.Cut(ReadVoc(catalog, path, set), minSide, withDifficult);
        return catalog.LoadFromEnumerable(patches.Select(patch => new PatchRow { ImagePath = patch.Path, Image = patch.Encoded, Label = patch.ClassName }));
    }

    private static IReadOnlyList<VocImage> ReadVoc(DataOperationsCatalog catalog, string path, string set)
    {
        CheckArguments(catalog, path);
        ArgumentException.ThrowIfNullOrEmpty(set);
        return PascalVoc.Read(path, set);
    }

    private static void CheckArguments(DataOperationsCatalog catalog, string path)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrEmpty(path);
    }
}
