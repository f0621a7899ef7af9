using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining;

/// <summary>The settings that all image classifiers share; the defaults of each trainer's options are its paper's.</summary>
public abstract record ImageClassificationOptions : ImageTrainerOptions
{
    private protected ImageClassificationOptions() { }

    /// <summary>Height of the network's input in pixels. If the column's type is [channels, height, width], its height or width is used instead.</summary>
    /// <value>null: <see cref="ImageWidth"/> if that is set; otherwise as in the <see cref="TrainingOptions.InitialWeights"/> if those say it; otherwise the
    /// trainer's own, such as 32.</value>
    [Range(1, ImageShape.MaxSide)]
    public int? ImageHeight { get; init; }

    /// <summary>Width of the network's input in pixels. If the column's type is [channels, height, width], its height or width is used instead.</summary>
    /// <value>null: <see cref="ImageHeight"/> if that is set; otherwise as in the <see cref="TrainingOptions.InitialWeights"/> if those say it; otherwise the
    /// trainer's own, such as 32.</value>
    [Range(1, ImageShape.MaxSide)]
    public int? ImageWidth { get; init; }

    /// <summary>
    /// The fraction of each side of a resized image that the network sees, from 0.5 to 1 (timm's <c>crop_pct</c>): the center crop in validation and scoring, a
    /// crop at a random position in training, or of random size if Augmentations contain a <see cref="RandomResizedCrop"/>. For example, 0.875 resizes images
    /// to 256 pixels for a network with 224. Planar floats are neither resized nor cropped.
    /// </summary>
    /// <value>null: as in the <see cref="TrainingOptions.InitialWeights"/> if those say it; otherwise the trainer's own, such as 1.</value>
    [Range(ImagePreprocessing.MinCropRatio, 1.0)]
    public double? CropRatio { get; init; }

    /// <summary>3 for color or 1 for gray; 1 to 1024 for planar floats.</summary>
    /// <value>3.</value>
    [Range(1, ImageShape.MaxChannels)]
    public int Channels { get; init; } = 3;

    /// <summary>How an image of another size is resized to this one.</summary>
    /// <value><see cref="ResizeRule.CropShorterSide"/>.</value>
    public ResizeRule Resize { get; init; }

    /// <summary>How pixels are interpolated when an image is resized to the size that is kept. <see cref="RandomResizedCrop"/> and
    /// <see cref="TrainingOptions.ProgressiveResizing"/> resize what is kept, and are always bilinear.</summary>
    /// <value>null: as in the <see cref="TrainingOptions.InitialWeights"/> if those say it; otherwise <see cref="Imaging.ResizeFilter.Bilinear"/>.</value>
    public ResizeFilter? ResizeFilter { get; init; }

    /// <summary>Pixels of zero padding around a training image before a random crop of its size; 0 does not crop.</summary>
    /// <value>4.</value>
    [Range(0, int.MaxValue)]
    public int CropPadding { get; init; } = 4;

    /// <summary>
    /// The views of an image that the model scores and averages; validation scores the image alone. For planar floats, ten-crop scores the image and its mirror
    /// image.
    /// </summary>
    /// <value>None, unless the trainer has its own.</value>
    public TestTimeAugmentation TestTimeAugmentation { get; init; }

    internal override ImagePreprocessing ToPreprocessing()
    {
        InputSettings settings = InputSettings.Of(this);
        return new ImagePreprocessing
        {
            Shape = new ImageShape(Channels, settings.Height, settings.Width),
            CropRatio = settings.CropRatio,
            Resize = Resize,
            Filter = settings.Filter,
        };
    }

    internal override WantedInput WantedInput => new(ImageHeight, ImageWidth, CropRatio, Channels, ResizeFilter);

    internal override PaperInput PublishedInput => new("cifar-resnet-56", 32);

    internal override TrainingRecipe ToRecipe(ImageShape input, long seed)
    {
        InputSettings settings = InputSettings.Of(this);
        // An augmentation that crops replaces the default random crop.
        ImageAugmentation[] crop = settings.CropRatio == 1 || Augmentations.Any(augmentation => augmentation.Crops) ? [] : [new RandomCrop()];
        ImageAugmentation[] padCropFlip = CropPadding == 0 && !HorizontalFlip ? [] : [new PadCropFlip { Padding = CropPadding, Flip = HorizontalFlip }];
        return new TrainingRecipe(this)
        {
            Backbone = settings.Backbone,
            CropRatio = settings.CropRatio,
            Normalization = settings.Normalization(PixelType.Byte),
            Input = input,
            Seed = seed,
            Augmentations = [.. crop, .. padCropFlip, .. Augmentations],
        };
    }

    /// <summary>Whether a label is a set of classes.</summary>
    internal virtual bool IsMultilabel => false;

    internal override LabelColumn BindLabel(IDataView rows) =>
        IsMultilabel ? LabelSetColumn.Bind(rows, LabelColumnName) : KeyLabelColumn.Bind(rows.Schema, LabelColumnName);
}
