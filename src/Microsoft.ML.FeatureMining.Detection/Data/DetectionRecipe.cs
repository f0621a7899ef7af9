using Microsoft.ML.FeatureMining.Detection.Networks;

namespace Microsoft.ML.FeatureMining.Detection.Data;

/// <summary>The settings of object detection in a recipe (<see cref="Training.TrainingRecipe.Task"/>).</summary>
/// <param name="Network">The network, its loss and its detections.</param>
/// <param name="HorizontalFlip">Whether training images are flipped at random.</param>
/// <param name="MinScale">The smallest factor of the random scale.</param>
/// <param name="MaxScale">The largest factor.</param>
internal sealed record DetectionRecipe(RetinaNetSettings Network, bool HorizontalFlip, double MinScale, double MaxScale);
