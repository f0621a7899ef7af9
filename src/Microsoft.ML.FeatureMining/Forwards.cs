using System.Runtime.CompilerServices;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Imaging;

// These types are in Microsoft.ML.FeatureMining.Core; programs compiled against 0.1 look for them here.
[assembly: TypeForwardedTo(typeof(UnreadableImageBehavior))]
[assembly: TypeForwardedTo(typeof(ResizeRule))]
[assembly: TypeForwardedTo(typeof(ImageShape))]
[assembly: TypeForwardedTo(typeof(ImageDecodeException))]
